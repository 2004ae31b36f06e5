import Docker from 'dockerode';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensureBaseImages } from '../../host/baseImages';
import { installExtension, writeSettings, type Profile } from '../../host/codeServer';
import { answers } from '../../host/engine';
import { packageExtension } from '../../host/package';
import { temporaryFolder } from '../../host/workspace';

export type Theme = 'dark' | 'light';

const themes: Record<Theme, string> = { dark: 'Dark Modern', light: 'Light Modern' };
let installed: Promise<string> | undefined;

/** A VS Code without a past, with the packaged extension in it. */
export async function makeProfile(folder: string, theme: Theme, settings: object): Promise<Profile> {
  const profile = { userData: join(folder, 'user'), extensions: await (installed ??= install()) };
  const docker = new Docker();
  await writeSettings(profile, {
    'workbench.colorTheme': themes[theme],
    'window.autoDetectColorScheme': false,
    ...((await answers(docker)) ? await ensureBaseImages(docker) : {}),
    ...settings,
  });
  return profile;
}

/** The folder of extensions, which all workbenches of this process share: nobody writes to it after the installation. */
async function install(): Promise<string> {
  const vsix = resolve(`out/slipway-${process.platform}-${process.arch}.vsix`);
  if (!existsSync(vsix)) await packageExtension();
  const folder = await temporaryFolder('extensions');
  const extensions = join(folder, 'extensions');
  await installExtension({ userData: join(folder, 'user'), extensions }, vsix);
  return extensions;
}

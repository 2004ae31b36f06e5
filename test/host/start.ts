/** Opens VS Code with Slipway on a copy of the sample workspace: `npm start`. */
import Docker from 'dockerode';

import { join, resolve } from 'node:path';
import { ensureBaseImages } from './baseImages';
import { cacheFolder } from './cache';
import { installExtension, startCodeServer, writeSettings } from './codeServer';
import { run } from './command';
import { answers } from './engine';
import { packageExtension } from './package';
import { copyWorkspace } from './workspace';

const folder = join(cacheFolder, 'start');
const profile = { userData: join(folder, 'user'), extensions: join(folder, 'extensions') };

async function main(): Promise<void> {
  const workspace = await copyWorkspace(join(folder, 'workspace'));
  const settings = await imageSettings();
  const code = await desktopCode();
  if (code) await openDesktop(code, workspace, settings);
  else await openBrowser(workspace, settings);
}

async function openDesktop(code: string, workspace: string, settings: object): Promise<void> {
  say('Building…');
  await run(process.execPath, ['esbuild.mjs']);
  const flags = ['--new-window', `--extensionDevelopmentPath=${resolve('.')}`];
  // Only where Slipway's own defaults would not do is the user's VS Code not used as it stands.
  if (Object.keys(settings).length) {
    await writeSettings(profile, settings);
    flags.push(`--user-data-dir=${profile.userData}`);
  }
  await run(code, [...flags, workspace]);
  say(`VS Code is open on ${workspace}.`);
}

async function openBrowser(workspace: string, settings: object): Promise<void> {
  say('No desktop VS Code (the command `code`) was found: setting up VS Code for the browser.');
  await writeSettings(profile, settings);
  say('Packaging the extension…');
  await installExtension(profile, await packageExtension());
  const server = await startCodeServer(profile);
  say(
    `\nSlipway is ready. Open this in a browser:\n\n  ${server.url}/?folder=${workspace}\n\nCtrl+C stops it.`,
  );
}

/** Settings that are needed here because no image can be pulled; none where a registry answers or no engine does. */
async function imageSettings(): Promise<object> {
  const docker = new Docker();
  if (!(await answers(docker))) {
    say('No Docker engine answers: models are served as processes, and can not be deployed.');
    return {};
  }
  const registry = await fetch('https://registry-1.docker.io/v2/', {
    signal: AbortSignal.timeout(3000),
  }).catch(() => undefined);
  if (registry) return {};
  say('Docker Hub can not be reached: making the base images from the binaries of this machine.');
  return ensureBaseImages(docker);
}

/** The desktop's `code` command, where there is one and a display to show it on. */
async function desktopCode(): Promise<string | undefined> {
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY'])
    return undefined;
  return run('code', ['--version']).then(
    () => 'code',
    () => undefined,
  );
}

function say(words: string): void {
  console.error(words);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});

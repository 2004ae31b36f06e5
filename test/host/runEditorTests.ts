/** Runs the tests of `test/editor` in the extension host of a real VS Code: `tsx test/host/runEditorTests.ts [--grep WORDS]`. */
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import Docker from 'dockerode';
import { createReadStream, createWriteStream, existsSync, unwatchFile, watchFile } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBaseImages } from './baseImages';
import { cacheFolder } from './cache';
import { writeSettings } from './codeServer';
import { tail } from './command';
import { answers } from './engine';
import { outputVariable, resultsVariable } from './reporter';
import { copyWorkspace, temporaryFolder } from './workspace';

const releases = 'https://update.code.visualstudio.com/api/releases/stable';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { grep: { type: 'string' } } });
  const folder = await temporaryFolder('editor');
  const profile = { userData: join(folder, 'user'), extensions: join(folder, 'extensions') };
  const docker = new Docker();
  await writeSettings(profile, (await answers(docker)) ? await ensureBaseImages(docker) : {});
  const workspace = await copyWorkspace(join(folder, 'workspace'));
  const log = join(folder, 'vscode.log');
  const words = createWriteStream(log);
  const output = join(folder, 'output');
  const results = process.env[resultsVariable] ?? join(folder, 'results.json');
  const stopShowing = await show(output);
  try {
    await runTests({
      vscodeExecutablePath: await executable(),
      extensionDevelopmentPath: resolve('.'),
      extensionTestsPath: resolve('out/test/editor/index.js'),
      extensionTestsEnv: {
        [outputVariable]: output,
        [resultsVariable]: results,
        SLIPWAY_TEST_GREP: values.grep,
        MOCHA_COLORS: process.stdout.isTTY ? '1' : undefined,
      },
      launchArgs: [
        workspace,
        `--user-data-dir=${profile.userData}`,
        `--extensions-dir=${profile.extensions}`,
      ],
      stdout: words,
      stderr: words,
    });
  } catch (error) {
    process.exitCode = 1;
    await stopShowing();
    if (!existsSync(results)) {
      console.error(`${String(error)}\nThe end of what VS Code said:\n${tail(await readFile(log, 'utf8'))}`);
    }
  }
  await stopShowing();
}

/** The desktop's executable where it can be downloaded and shown, else the script that stands in for it. */
async function executable(): Promise<string> {
  const reason = await desktopMissing();
  if (!reason) return downloadAndUnzipVSCode({ cachePath: join(cacheFolder, 'desktop') });
  console.log(`In VS Code for the browser, as ${reason}.`);
  return resolve('test/host/launcher');
}

async function desktopMissing(): Promise<string | undefined> {
  if (process.platform === 'linux' && !process.env['DISPLAY'])
    return 'there is no display for the desktop one';
  const response = await fetch(releases, { signal: AbortSignal.timeout(3000) }).catch(() => undefined);
  return response?.ok ? undefined : 'the desktop one can not be downloaded';
}

/** Passes on what is written to a file, until the answer is called. */
async function show(file: string): Promise<() => Promise<void>> {
  await writeFile(file, '');
  let shown = 0;
  let passing = Promise.resolve();
  const pass = () => {
    passing = passing.then(async () => {
      for await (const chunk of createReadStream(file, { start: shown })) {
        shown += (chunk as Buffer).length;
        process.stdout.write(chunk as Buffer);
      }
    });
  };
  watchFile(file, { interval: 200 }, pass);
  return () => {
    unwatchFile(file);
    pass();
    return passing;
  };
}

void main();

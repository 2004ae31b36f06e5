import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { atExit } from './atExit';
import { cached } from './cache';
import { run, tail } from './command';
import { node24 } from './node24';

const version = '4.139.1';
const native = ['@vscode/spdlog', '@vscode/native-watchdog', 'node-pty'];

/** Where a VS Code keeps its settings and its extensions; both are made when they do not exist. */
export interface Profile {
  userData: string;
  extensions: string;
}

/** A VS Code that is served to a browser. */
export interface CodeServer {
  url: string;
  stop(): Promise<void>;
  /** Ends it with all that it started and without a word of warning, as a crash does. */
  kill(): Promise<void>;
}

/** Settings of every VS Code that is started here: nothing but what is being looked at. */
export const quietSettings = {
  'chat.disableAIFeatures': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.openRepositoryInParentFolders': 'never',
  // It tells of each port that a server listens at: one message more, so that VS Code hides one of ours.
  'remote.autoForwardPorts': false,
};

/** Starts VS Code's server on a free loopback port. Workspace trust is off unless `trust` asks for it. */
export async function startCodeServer(
  profile: Profile,
  options: { trust?: boolean } = {},
): Promise<CodeServer> {
  const child = await launch(profile, [
    '--auth=none',
    '--bind-addr=127.0.0.1:0',
    '--disable-telemetry',
    '--disable-update-check',
    '--disable-getting-started-override',
    ...(options.trust ? [] : ['--disable-workspace-trust']),
  ]);
  const forget = atExit(() => killGroup(child, 'SIGKILL'));
  child.once('exit', forget);
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const [, address] = /listening on (http:\/\/[^\s/]+)/.exec(output) ?? [];
      if (address) resolve(address);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`VS Code's server ended with ${code}:\n${tail(output)}`)));
  });
  return { url, stop: () => end(child, 'SIGTERM'), kill: () => end(child, 'SIGKILL') };
}

/** Installs a packaged extension. */
export async function installExtension(profile: Profile, vsix: string): Promise<void> {
  const child = await launch(profile, ['--install-extension', vsix, '--force']);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`${vsix} could not be installed:\n${tail(output)}`);
}

/** Writes a profile's settings: the user's, and those of the machine, where a server reads what is the machine's to say. */
export async function writeSettings(profile: Profile, settings: object): Promise<void> {
  for (const owner of ['User', 'Machine']) {
    const file = join(profile.userData, owner, 'settings.json');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify({ ...quietSettings, ...settings }, null, 2));
  }
}

async function launch(profile: Profile, flags: string[]): Promise<ChildProcess> {
  const entry = join(await install(), 'node_modules/code-server/out/node/entry.js');
  const config = join(profile.userData, 'config.yaml');
  await mkdir(profile.extensions, { recursive: true });
  await mkdir(profile.userData, { recursive: true });
  await writeFile(config, '{}\n');
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_|PASSWORD|PORT$)/.test(name),
  );
  return spawn(
    await node24(),
    [
      entry,
      '--config',
      config,
      '--session-socket',
      join(profile.userData, 's.sock'),
      '--user-data-dir',
      profile.userData,
      '--extensions-dir',
      profile.extensions,
      ...flags,
    ],
    { env: Object.fromEntries(inherited), stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
}

/** Ends the server with everything that it started, which is in a process group of its own. */
async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  killGroup(child, signal);
  const patience = setTimeout(() => killGroup(child, 'SIGKILL'), 5000);
  await ended;
  clearTimeout(patience);
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid) process.kill(-child.pid, signal);
  } catch {
    // Nothing is left of it.
  }
}

/** The folder that code-server is installed in; it holds the real workbench and extension host of VS Code. */
export async function install(): Promise<string> {
  const node = await node24();
  const withNode24 = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH']}` };
  const npm = (cwd: string, ...args: string[]) => run('npm', args, { cwd, env: withNode24 });
  const vscode = (folder: string) => join(folder, 'node_modules/code-server/lib/vscode');
  const production = ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
  return cached(`code-server-${version}`, [
    {
      title: 'getting VS Code for the browser',
      run: async (folder) => {
        await npm(folder, 'install', '--prefix', folder, '--ignore-scripts', `code-server@${version}`);
      },
    },
    { title: 'its packages', run: async (folder) => void (await npm(vscode(folder), ...production)) },
    {
      title: "its extensions' packages",
      run: async (folder) => void (await npm(join(vscode(folder), 'extensions'), ...production)),
    },
    {
      title: 'compiling its native parts',
      run: async (folder) => void (await npm(vscode(folder), 'rebuild', ...native, ...headers())),
    },
  ]);
}

/** Node's headers where this machine has them, so that they need not be downloaded. */
function headers(): string[] {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

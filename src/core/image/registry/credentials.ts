import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ChildController } from '../../childController';
import { UserError, isCancellation, messageOf } from '../../errors';
import { credentialKeyOf } from './repository';

/** What a registry knows us by. Never kept, and never part of a message. */
export type Credentials = { username: string; password: string } | { identityToken: string };

/** The part of Docker's `config.json` that is about registries. */
interface DockerConfig {
  auths?: Record<string, { auth?: string; username?: string; password?: string; identitytoken?: string }>;
  credsStore?: string;
  credHelpers?: Record<string, string>;
}

/** How long a helper may take, in milliseconds: some ask a service. */
const PATIENCE = 30_000;

/**
 * What Docker's configuration has for a registry: a helper of its own (`credHelpers`), then the store (`credsStore`), then `auths`.
 * Undefined when it has nothing: then the registry is asked without a name.
 * @see https://docs.docker.com/reference/cli/docker/login/
 * @throws UserError `registry-refused` when the configuration or a helper can not be used
 */
export async function credentialsFor(host: string, signal: AbortSignal): Promise<Credentials | undefined> {
  const file = join(process.env['DOCKER_CONFIG'] || join(homedir(), '.docker'), 'config.json');
  const config = await readConfig(file);
  const key = credentialKeyOf(host);
  const helper = config.credHelpers?.[host] ?? config.credHelpers?.[key] ?? config.credsStore;
  const helped = helper ? await askHelper(helper, key, host, signal) : undefined;
  return helped ?? fromAuths(config, host, key, file);
}

async function readConfig(file: string): Promise<DockerConfig> {
  let read: string;
  try {
    read = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw unreadable(file, messageOf(error), error);
  }
  try {
    const config = JSON.parse(read) as DockerConfig | null;
    return typeof config === 'object' && config !== null ? config : {};
  } catch {
    // What is wrong with it would show a part of it.
    throw unreadable(file, 'it is no JSON');
  }
}

function unreadable(file: string, why: string, cause?: unknown): UserError {
  return new UserError(
    'registry-refused',
    `${file} can not be read: ${why}.`,
    'Correct it, or log in again with docker login.',
    {
      cause,
    },
  );
}

function fromAuths(
  { auths = {} }: DockerConfig,
  host: string,
  key: string,
  file: string,
): Credentials | undefined {
  const bare = (name: string) => name.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  const found = auths[key] ?? Object.entries(auths).find(([name]) => bare(name) === host)?.[1];
  if (!found) return undefined;
  if (found.identitytoken) return { identityToken: found.identitytoken };
  if (found.username && found.password !== undefined)
    return { username: found.username, password: found.password };
  if (!found.auth) return undefined;
  const [, username, password] =
    /^([^:]*):([^]*?)\0*$/.exec(Buffer.from(found.auth, 'base64').toString()) ?? [];
  if (username && password !== undefined) return { username, password };
  throw unreadable(file, `its entry for ${host} is not as docker login writes it`);
}

/** Asks `docker-credential-NAME`. Source of the protocol: https://github.com/docker/docker-credential-helpers */
async function askHelper(
  name: string,
  key: string,
  host: string,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  if (!/^[\w.-]+$/.test(name)) {
    const next = `Correct "credsStore" or "credHelpers" in Docker's config.json. ${howToLogIn(host)}`;
    throw unhelpful(host, 'its name may have only letters, digits, ".", "_" and "-"', next);
  }
  const command = `docker-credential-${name}`;
  const { code, out, err } = await run(command, key, host, signal);
  if (code !== 0) {
    const said = `${out}${err}`.trim();
    if (/credentials not found/i.test(said)) return undefined;
    // Helpers say on either stream why they fail, and on the first one also what nobody may see.
    const why = lastLine(err) || (/secret/i.test(out) ? '' : lastLine(out)) || `exit code ${code}`;
    throw unhelpful(host, `${command} failed: ${why}`);
  }
  try {
    const { Username, Secret } = JSON.parse(out) as { Username: string; Secret: string };
    if (!Username || !Secret) return undefined;
    return Username === '<token>' ? { identityToken: Secret } : { username: Username, password: Secret };
  } catch {
    throw unhelpful(host, `${command} did not answer as it should`);
  }
}

/** How a helper is started, as `spawn` takes it. */
interface HelperStart {
  file: string;
  args: string[];
  windowsVerbatimArguments?: boolean;
}

/**
 * On Windows `spawn` finds only `.com` and `.exe` by itself, and scripts need `cmd.exe`. Undefined where the path of Windows has no such command.
 * @param on `endings` are those of `PATHEXT`
 */
export async function helperStart(
  command: string,
  on: { platform: NodeJS.Platform; path: string | undefined; endings: string | undefined },
): Promise<HelperStart | undefined> {
  if (on.platform !== 'win32') return { file: command, args: ['get'] };
  const file = await fileOf(command, on.path ?? '', on.endings || '.COM;.EXE;.BAT;.CMD');
  if (file === undefined) return undefined;
  if (!/\.(bat|cmd)$/.test(file)) return { file, args: ['get'] };
  // With /s, cmd.exe takes away the outer quotes and no others.
  const args = ['/d', '/s', '/c', `""${file}" get"`];
  return { file: process.env['ComSpec'] || 'cmd.exe', args, windowsVerbatimArguments: true };
}

async function fileOf(command: string, path: string, endings: string): Promise<string | undefined> {
  const partsOf = (list: string) => list.replaceAll('"', '').split(';').filter(Boolean);
  const files = partsOf(path).flatMap((folder) =>
    partsOf(endings).map((ending) => join(folder, command + ending.toLowerCase())),
  );
  for (const file of files) {
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile()) return file;
  }
  return undefined;
}

async function run(command: string, input: string, host: string, signal: AbortSignal) {
  const { PATH: path, PATHEXT: endings } = process.env;
  const start = await helperStart(command, { platform: process.platform, path, endings });
  if (!start) throw notInstalled(command, host);
  const { file, args, windowsVerbatimArguments } = start;
  const limit = new ChildController(signal, PATIENCE);
  const child = spawn(file, args, {
    signal: limit.signal,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
    windowsVerbatimArguments,
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(`${input}\n`);
  try {
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
    const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return { code, out, err };
  } catch (error) {
    if (isCancellation(error, signal)) signal.throwIfAborted();
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw notInstalled(command, host);
    throw unhelpful(
      host,
      isCancellation(error, limit.signal)
        ? `${command} took too long`
        : `${command} can not be run (${code})`,
    );
  } finally {
    limit.dispose();
  }
}

function notInstalled(command: string, host: string): UserError {
  const next = `Install ${command}, or take it out of Docker's config.json and log in anew. ${howToLogIn(host)}`;
  return unhelpful(host, `${command} is not installed`, next);
}

function unhelpful(host: string, why: string, next = howToLogIn(host)): UserError {
  return new UserError(
    'registry-refused',
    `Docker's configuration has the credentials for ${host} in a helper, but ${why}.`,
    next,
  );
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
}

/** How one logs in to a registry, by whose it is. */
export function howToLogIn(host: string): string {
  const ecr = /^\d+\.dkr\.ecr(?:-fips)?\.([\w-]+)\.amazonaws\.com/.exec(host);
  if (ecr) {
    return `Log in: aws ecr get-login-password --region ${ecr[1]} | docker login --username AWS --password-stdin ${host}`;
  }
  if (/\.azurecr\.io$/.test(host)) return `Log in: az acr login --name ${host.split('.')[0]}`;
  if (/-docker\.pkg\.dev$|(^|\.)gcr\.io$/.test(host)) return `Log in: gcloud auth configure-docker ${host}`;
  return `Log in: docker login${host === 'docker.io' ? '' : ` ${host}`}`;
}

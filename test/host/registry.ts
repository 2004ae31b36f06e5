import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { lookup } from 'node:dns/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeAuthority } from './certificates';
import { run } from './command';
import { freePort } from './freePort';
import { temporaryFolder } from './workspace';

export interface TestRegistry {
  /** `127.0.0.1:5000` */
  host: string;
  /** Stops it, as a registry that goes away; what it has stays. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops it for good, and takes back what the engine was told to trust. */
  remove(): Promise<void>;
}

export interface RegistryOptions {
  /** Whom it lets in; default: everybody. */
  user?: { name: string; password: string };
  /** With TLS by an authority of its own, which engines are told at `/etc/docker/certs.d`. Default: without. */
  tls?: boolean;
}

/** Debian's docker-registry as a process on a free port of this machine. */
export async function startRegistry({ user, tls = false }: RegistryOptions = {}): Promise<TestRegistry> {
  const folder = await temporaryFolder('registry');
  const port = await freePort('::');
  // A name, because a registry at a loopback address is trusted without a certificate.
  const host = tls ? `${await ownName()}:${port}` : `127.0.0.1:${port}`;
  const trusted = join('/etc/docker/certs.d', host);
  if (tls) {
    const sign = await makeAuthority(folder);
    await sign('server', `DNS:${host.split(':')[0]}`);
    await mkdir(trusted, { recursive: true });
    await writeFile(join(trusted, 'ca.crt'), await run('cat', [join(folder, 'ca.crt')]));
  }
  if (user)
    await writeFile(join(folder, 'htpasswd'), await run('htpasswd', ['-nbB', user.name, user.password]));
  const config = join(folder, 'config.yml');
  await writeFile(config, configOf(folder, port, tls, user !== undefined));
  await chmod(folder, 0o700);
  let child: ChildProcess | undefined;
  const stop = async () => {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null) return;
    running.kill('SIGKILL');
    await once(running, 'exit');
  };
  const start = async () => {
    child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
    await answering(port, child);
  };
  const remove = async () => {
    await stop();
    await rm(trusted, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await remove();
    throw error;
  }
  return { host, start, stop, remove };
}

function configOf(folder: string, port: number, tls: boolean, auth: boolean): string {
  return `version: 0.1
log: { level: error }
storage: { filesystem: { rootdirectory: ${folder}/data }, delete: { enabled: true } }
http:
  addr: :${port}
${tls ? `  tls: { certificate: ${folder}/server.crt, key: ${folder}/server.key }\n` : ''}${auth ? `auth: { htpasswd: { realm: test, path: ${folder}/htpasswd } }\n` : ''}`;
}

/** The machine's own name, where it leads to the machine. */
async function ownName(): Promise<string> {
  const found = await lookup(hostname()).catch(() => undefined);
  return found ? hostname() : 'localhost';
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}.`);
    const there = await fetch(`http://127.0.0.1:${port}/v2/`).then(
      () => true,
      (error: Error) => !String((error.cause as Error | undefined)?.message).includes('ECONNREFUSED'),
    );
    if (there) return;
    await sleep(50);
  }
  throw new Error('docker-registry does not answer.');
}

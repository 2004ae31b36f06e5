import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './command';
import { freePort } from './freePort';
import { temporaryFolder } from './workspace';

export interface TestSshServer {
  /** `ssh://root@127.0.0.1:2222` */
  address: string;
  /** A folder with an `ssh` that knows the server and has a key for it; to be put first on the path. */
  path: string;
  /** What the client knows of hosts, and its key. */
  knownHosts: string;
  key: string;
  stop(): Promise<void>;
}

export interface SshServerOptions {
  /** Where its commands are. */
  path?: string;
  /** The machine it runs on: its address, and what runs a command there when it is put in front. Default: this one. */
  at?: { address: string; enter: string[] };
  /** The engine that its users' `docker` speaks to. */
  engine?: string;
}

/** OpenSSH's server as a process on a free port, with keys of its own. */
export async function startSshServer(options: SshServerOptions = {}): Promise<TestSshServer> {
  const { path = '/usr/local/bin:/usr/bin:/bin', engine } = options;
  const { address, enter } = options.at ?? { address: '127.0.0.1', enter: [] };
  const folder = await temporaryFolder('ssh');
  await chmod(folder, 0o700);
  const port = await freePort();
  const file = (name: string) => join(folder, name);
  for (const name of ['host', 'client'])
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)]);
  await writeFile(file('authorized'), await readFile(file('client.pub')));
  await writeFile(file('known'), `[${address}]:${port} ${await readFile(file('host.pub'), 'utf8')}`);
  await writeFile(
    file('sshd_config'),
    [
      `Port ${port}`,
      `ListenAddress ${address}`,
      `HostKey ${file('host')}`,
      `AuthorizedKeysFile ${file('authorized')}`,
      `PidFile ${file('pid')}`,
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'UsePAM no',
      'StrictModes no',
      'PermitRootLogin prohibit-password',
      `SetEnv PATH=${path}${engine ? ` DOCKER_HOST=${engine}` : ''}`,
    ].join('\n'),
  );
  await writeFile(
    file('config'),
    `IdentityFile ${file('client')}\nIdentitiesOnly yes\nIdentityAgent none\nUserKnownHostsFile ${file('known')}\nGlobalKnownHostsFile /dev/null\n`,
  );
  await mkdir(file('bin'));
  await writeFile(file('bin/ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${file('config')} "$@"\n`);
  await chmod(file('bin/ssh'), 0o755);
  // It refuses to start without it.
  await mkdir('/run/sshd', { recursive: true });
  const [command = '', ...words] = [...enter, '/usr/sbin/sshd', '-D', '-e', '-f', file('sshd_config')];
  const server = spawn(command, words, { stdio: 'ignore' });
  await answering(address, port);
  return {
    address: `ssh://root@${address}:${port}`,
    path: file('bin'),
    knownHosts: file('known'),
    key: file('client'),
    stop: async () => {
      // Those that serve connections are its children, and go on without it.
      await run('pkill', ['-KILL', '-P', String(server.pid)]).catch(() => undefined);
      if (server.exitCode === null && server.signalCode === null) {
        server.kill('SIGKILL');
        await once(server, 'exit');
      }
    },
  };
}

async function answering(address: string, port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const there = await new Promise<boolean>((resolve) => {
      const socket = connect(port, address);
      socket.once('data', () => resolve(true)).once('error', () => resolve(false));
      setTimeout(() => resolve(false), 500).unref();
      socket.once('close', () => resolve(false));
    });
    if (there) return;
    await sleep(50);
  }
  throw new Error('sshd does not answer.');
}

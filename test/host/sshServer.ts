import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './command';
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

/** OpenSSH's server as a process on a free port of this machine, with keys of its own. `path` is where its commands are. */
export async function startSshServer(path = '/usr/local/bin:/usr/bin:/bin'): Promise<TestSshServer> {
  const folder = await temporaryFolder('ssh');
  await chmod(folder, 0o700);
  const port = await freePort();
  const file = (name: string) => join(folder, name);
  for (const name of ['host', 'client'])
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)]);
  await writeFile(file('authorized'), await readFile(file('client.pub')));
  await writeFile(file('known'), `[127.0.0.1]:${port} ${await readFile(file('host.pub'), 'utf8')}`);
  await writeFile(
    file('sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${file('host')}`,
      `AuthorizedKeysFile ${file('authorized')}`,
      `PidFile ${file('pid')}`,
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'UsePAM no',
      'StrictModes no',
      'PermitRootLogin prohibit-password',
      `SetEnv PATH=${path}`,
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
  const server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', file('sshd_config')], { stdio: 'ignore' });
  await answering(port);
  return {
    address: `ssh://root@127.0.0.1:${port}`,
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

async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const there = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('data', () => resolve(true)).once('error', () => resolve(false));
      setTimeout(() => resolve(false), 500).unref();
      socket.once('close', () => resolve(false));
    });
    if (there) return;
    await sleep(50);
  }
  throw new Error('sshd does not answer.');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

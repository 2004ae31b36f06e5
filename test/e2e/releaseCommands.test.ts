import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeTarget } from '../../src/core/release/makeTarget';
import type { Release, Target } from '../../src/core/target/target';
import { baseImages } from '../host/baseImages';
import { ensureEngine, type Engine } from '../host/engine';
import { KubernetesApi } from '../host/kubernetesApi';
import { startRegistry, type TestRegistry } from '../host/registry';
import { skip } from '../host/skip';
import { copyWorkspace, temporaryFolder } from '../host/workspace';
import { logger, serve, subjectOf, targetOf, taskOf, type Subject } from '../unit/target/kubernetes/support';
import { ownTargets, removeContainers } from './support/targets';
import { openWorkbench, type Workbench } from './support/workbench';

const cluster = 'cluster';

describe('commands on releases', () => {
  let engine: Engine;
  let registry: TestRegistry;
  let api: KubernetesApi;
  let workspace: string;
  let targets: string[];
  let workbench: Workbench;
  /** The Docker target of the workbench, for what a colleague or a CI system does. */
  let colleague: Target;
  let iris: Subject;

  before(async function () {
    const found = await ensureEngine();
    if (!found) skip(this, 'no Docker engine answers');
    engine = found;
    registry = await startRegistry();
    api = await KubernetesApi.start();
    workspace = await copyWorkspace(join(await temporaryFolder('commands'), 'workspace'));
    targets = await ownTargets(workspace, 'commands');
    await addCluster();
    iris = await subjectOf('iris');
    iris.model.path = join(workspace, 'models/iris.onnx');
    colleague = makeTarget(targets[0] ?? '', { kind: 'docker', memoryMiB: 512 }, settings(), logger);
    const [image] = await colleague.build(iris, taskOf());
    await colleague.promote(await colleague.apply(iris, image, taskOf()), taskOf());
    await serve(targetOf(api, {}, cluster), iris);
    workbench = await openWorkbench({ workspace });
    await workbench.openViews('Slipway');
    await workbench.treeItem('Targets', /^r1\s*serving 100 %/);
  });
  after(async () => {
    await workbench?.close();
    colleague?.dispose();
    if (targets) await removeContainers(engine.docker, targets, workspace);
    await api?.stop();
    await registry?.remove();
    await engine?.stop();
  });
  afterEach(async function () {
    if (this.currentTest?.isFailed())
      await workbench?.screenshot(`commands-${this.currentTest.title.slice(0, 30)}`);
  });

  it('finish a deploy that somebody has begun', async () => {
    await candidate('begun');
    await workbench.tree('Targets').menu(/^r2/, 'Finish Deploy');
    await workbench.notification(/iris r2 serves on/);
    await workbench.treeItem('Targets', /^r2\s*serving 100 %/);
    const [second] = await revisions();
    assert.match(second?.proof ?? '', /3 of 3 samples pass/);
    await workbench.screenshot('commands-finished');
  });

  it('give a candidate a part of the traffic, and take it back', async () => {
    await workbench.clearNotifications();
    await candidate('on trial');
    const tree = workbench.tree('Targets');
    await tree.menu(/^r3/, 'Set Traffic…');
    await workbench.quickInput.fill('200');
    await workbench.page
      .locator('.quick-input-message', { hasText: 'A whole number from 0 to 99' })
      .waitFor();
    await workbench.screenshot('commands-traffic-wrong');
    await workbench.typeInQuickInput('30');
    await tree.item(/^r3\s*canary 30 %/);
    await tree.item(/^r2\s*serving 70 %/);
    await workbench.screenshot('commands-traffic');
    assert.deepEqual(
      (await revisions()).map(({ revision, traffic }) => [revision, traffic]),
      [
        [3, 30],
        [2, 70],
        [1, 0],
      ],
    );
    await tree.menu(/^r3/, 'Set Traffic…');
    await workbench.typeInQuickInput('0');
    await tree.item(/^r2\s*serving 100 %/);
  });

  it('run more servers of a release on a cluster', async () => {
    await workbench.clearNotifications();
    const tree = workbench.tree('Targets');
    await tree.item(/1 of 1 ready/);
    await tree.menu(/1 of 1 ready/, 'Scale…');
    await workbench.quickInput.fill('none');
    await workbench.page.locator('.quick-input-message', { hasText: /whole number/i }).waitFor();
    await workbench.screenshot('commands-scale-wrong');
    await workbench.typeInQuickInput('2');
    await tree.item(/2 of 2 ready/);
    const deployment: unknown = api.store.get(api.kind('Deployment'), 'models', 'iris-r1');
    assert.equal((deployment as { spec: { replicas: number } }).spec.replicas, 2);
    await workbench.screenshot('commands-scaled');
  });

  it('write down what a deploy would apply, and ask before that replaces something', async () => {
    await workbench.clearNotifications();
    await exportHere('Kustomize');
    await workbench.page.locator('.tab.active', { hasText: /\.yaml$/ }).waitFor();
    const kustomization = join(workspace, 'kustomization.yaml');
    assert.match(await readFile(kustomization, 'utf8'), /^resources:/m);
    await workbench.screenshot('commands-manifests');
    await writeFile(kustomization, '# mine\n');
    await workbench.runCommand('View: Close All Editors');
    await exportHere('Kustomize');
    const dialog = workbench.page.locator('.monaco-dialog-box', { hasText: 'Replace' });
    await dialog.waitFor();
    assert.match(await dialog.innerText(), /kustomization\.yaml/);
    await workbench.screenshot('commands-manifests-again');
    await workbench.dialog('Cancel');
    assert.equal(await readFile(kustomization, 'utf8'), '# mine\n');
  });

  async function exportHere(format: string): Promise<void> {
    await workbench.tree('Targets').menu(/^cluster/, 'Export Manifests…');
    await workbench.pick('iris');
    await workbench.pick(format);
    const dialog = workbench.page.locator('.quick-input-widget:visible');
    await dialog.getByRole('button', { name: 'Export Here' }).click();
  }

  /** A candidate as a deploy leaves it that was killed before it was proven. */
  async function candidate(note: string): Promise<void> {
    const [image] = await colleague.build(iris, taskOf());
    const release = await colleague.apply({ ...iris, note }, image, taskOf());
    await workbench.runCommand('Slipway: Refresh');
    await workbench.treeItem('Targets', new RegExp(`^r${release.revision}\\s*candidate`));
  }

  /** Newest first. */
  async function revisions(): Promise<Release[]> {
    const releases = await colleague.list(taskOf().signal);
    return releases.sort((one, other) => other.revision - one.revision);
  }

  async function addCluster(): Promise<void> {
    const file = join(workspace, 'slipway.json');
    const config = JSON.parse(await readFile(file, 'utf8')) as { targets: Record<string, object> };
    const target = { kind: 'kubernetes', registry: `${registry.host}/models`, kubeconfig: api.kubeconfig };
    config.targets[cluster] = target;
    await writeFile(file, JSON.stringify(config));
  }

  function settings() {
    const images = {
      nodeBase: baseImages.node,
      pythonBase: baseImages.python,
      proxyImage: baseImages.proxy,
    };
    return { ...images, host: '', dist: resolve('dist'), version: '0.0.0', root: workspace, trusted: true };
  }
});

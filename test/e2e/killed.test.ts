import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { labels } from '../../src/core/docker/labels';
import { baseImages } from '../host/baseImages';
import { ensureEngine, type Engine } from '../host/engine';
import { skip } from '../host/skip';
import { copyWorkspace, temporaryFolder } from '../host/workspace';
import { ownTargets, removeContainers } from './support/targets';
import { openWorkbench, type Workbench } from './support/workbench';

const model = 'iris.onnx';
/** A base image of its own, so that the runtime image has to be built. */
const base = { repo: 'slipway-test/node', tag: 'killed' };

describe('a window that is killed', () => {
  let engine: Engine;
  let workspace: string;
  let targets: string[];
  let workbench: Workbench;

  before(async function () {
    const found = await ensureEngine();
    if (!found) skip(this, 'no Docker engine answers');
    engine = found;
    workspace = await copyWorkspace(join(await temporaryFolder('killed'), 'workspace'));
    targets = await ownTargets(workspace, 'killed');
    workbench = await openWorkbench({
      workspace,
      settings: { 'slipway.serve.engine': 'container', 'slipway.image.nodeBase': `${base.repo}:${base.tag}` },
    });
    await forgetBase();
    await engine.docker.getImage(baseImages.node).tag(base);
  });
  after(async () => {
    await workbench?.close();
    await removeContainers(engine.docker, targets, workspace);
    await forgetBase();
    await engine.stop();
  });
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await workbench.screenshot(`killed-${this.currentTest.title}`);
  });

  it('during a build leaves nothing but the work to do again', async () => {
    await workbench.openViews('Slipway');
    await workbench.clickTreeAction('Models', model, 'Serve Model');
    await workbench.notification('Building the runtime image');
    await workbench.kill();
    await reopen();
    // The engine may have come to the end of the build before it heard of that.
    await eventually('nothing half built is left', async () => (await halfBuilt()).length === 0);
    assert.deepEqual(await workbench.tree('Endpoints').lines(), []);
    assert.deepEqual(await containers('endpoint'), []);
  });

  it('during a serve shows what became of it, and removes it on demand', async () => {
    await workbench.clickTreeAction('Models', model, 'Serve Model');
    await eventually('a container', async () => (await containers('endpoint')).length > 0);
    // The engine goes on from the steps that the killed build had come to.
    assert.deepEqual(await halfBuilt(), []);
    await workbench.kill();
    const [left] = await containers('endpoint');
    assert.ok(left);
    await reopen();
    // It was killed before or after the container was started; the view says which.
    const { State } = await engine.docker.getContainer(left).inspect();
    await workbench.treeItem('Endpoints', State.Running ? 'ready' : /starting|stopped/);
    assert.equal((await workbench.tree('Endpoints').lines()).length, 1);
    await workbench.tree('Endpoints').menu('iris', 'Remove Endpoint');
    await workbench.dialog('Remove');
    await workbench.tree('Endpoints').gone('iris');
    assert.deepEqual(await containers('endpoint'), []);
  });

  it('during a deploy leaves the old release serving, and the new one in view', async () => {
    const words = await deploy('first');
    const url = /http:\/\/[\w.:]*\w/.exec(words)?.[0];
    await startDeploy('killed');
    await workbench.notification('serves this very model already', 'Deploy Anyway');
    await eventually('a candidate', async () => (await containers('release')).length === 2);
    await workbench.kill();
    assert.equal((await fetch(`${url}/v2/health/ready`)).status, 200);
    await reopen();
    await workbench.treeItem('Targets', /^r2/);
    const lines = await workbench.tree('Targets').lines();
    assert.ok(
      lines.some((line) => /^r1\s*serving/.test(line)),
      lines.join('\n'),
    );
    assert.ok(
      lines.some((line) => /^r2\s*candidate/.test(line)),
      lines.join('\n'),
    );
    await workbench.screenshot('killed-deploy');
  });

  it('is in the way of no later deploy, and what it left can be removed', async () => {
    assert.match(await deployAgain('third'), /r3 serves/);
    await workbench.clearNotifications();
    await workbench.tree('Targets').menu(/^r2/, 'Remove Release');
    await workbench.dialog('Remove');
    await workbench.tree('Targets').gone(/^r2/);
    assert.equal((await containers('release')).length, 2);
  });

  async function reopen(): Promise<void> {
    await workbench.open();
    await workbench.openViews('Slipway');
    await workbench.treeItem('Models', model);
  }

  async function startDeploy(note: string): Promise<void> {
    await workbench.clearNotifications();
    await workbench.clickTreeAction('Models', model, 'Deploy Model');
    await workbench.pick(targets[0] ?? '');
    await workbench.typeInQuickInput(note);
  }

  async function deployAgain(note: string): Promise<string> {
    await startDeploy(note);
    await workbench.notification('serves this very model already', 'Deploy Anyway');
    return workbench.notification(/serves on/);
  }

  async function deploy(note: string): Promise<string> {
    await startDeploy(note);
    return workbench.notification(/serves on/);
  }

  /** Those of this workspace and its targets. */
  async function containers(kind: 'endpoint' | 'release'): Promise<string[]> {
    const filters = { label: [`${labels.kind}=${kind}`] };
    const all = await engine.docker.listContainers({ all: true, filters });
    const ours = all.filter(
      ({ Labels }) =>
        targets.includes(Labels[labels.target] ?? '') || Labels[labels.modelPath]?.startsWith(workspace),
    );
    return ours.map(({ Id }) => Id);
  }

  async function runtimes(): Promise<string[]> {
    const filters = { label: [`${labels.base}=${base.repo}:${base.tag}`] };
    return (await engine.docker.listImages({ filters })).map(({ Id }) => Id);
  }

  /** What steps of a build have left without a name. */
  async function halfBuilt(): Promise<string[]> {
    const filters = { label: [`${labels.base}=${base.repo}:${base.tag}`], dangling: ['true'] };
    return (await engine.docker.listImages({ filters })).map(({ Id }) => Id);
  }

  async function forgetBase(): Promise<void> {
    for (const id of await runtimes()) await engine.docker.getImage(id).remove({ force: true });
    const image = engine.docker.getImage(`${base.repo}:${base.tag}`);
    await image.remove().catch(() => undefined);
  }
});

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(20)) {
    if (await holds()) return;
  }
  throw new Error(`This did not come true: ${what}`);
}

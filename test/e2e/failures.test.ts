import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ensureEngine, type Engine } from '../host/engine';
import { skip } from '../host/skip';
import { copyWorkspace, temporaryFolder } from '../host/workspace';
import { ownTargets, removeContainers } from './support/targets';
import { openWorkbench, type Workbench } from './support/workbench';

const model = 'iris.onnx';

describe('without a Docker engine', () => {
  let workbench: Workbench;
  before(async () => {
    const nowhere = `unix://${await temporaryFolder('nowhere')}/docker.sock`;
    const settings = { 'slipway.docker.host': nowhere, 'slipway.serve.engine': 'container' };
    workbench = await openWorkbench({ settings });
    await workbench.openViews('Slipway');
  });
  after(() => workbench?.close());
  pictureOfFailure(() => workbench);

  it('a serve says so, and its button serves as a process', async () => {
    await workbench.clickTreeAction('Models', model, 'Serve Model');
    const words = await workbench.notification(/no Docker engine answers/);
    assert.match(words, /Start Docker, or name the engine in slipway\.docker\.host/);
    await workbench.screenshot('no-engine');
    await workbench.notification(/no Docker engine answers/, 'Serve as Process');
    await workbench.notification('iris is served at');
    await workbench.treeItem('Endpoints', 'process');
  });

  it('the targets say so, and a deploy too', async () => {
    await workbench.treeItem('Targets', /No Docker engine answers/);
    await workbench.clearNotifications();
    await workbench.clickTreeAction('Models', model, 'Deploy Model');
    await workbench.pick('staging');
    await workbench.typeInQuickInput('first');
    await workbench.notification(/no Docker engine answers/, 'Open Setting');
    await seeSetting(workbench, 'slipway.docker.host');
  });

  it('an endpoint whose model was deleted goes on, and says what is missing when it is started again', async () => {
    await rm(join(workbench.workspace, 'models', model));
    await workbench.tree('Models').gone(model);
    const line = await (await workbench.treeItem('Endpoints', 'ready')).innerText();
    const address = /127\.0\.0\.1:\d+/.exec(line)?.[0];
    const predict = () =>
      fetch(`http://${address}/predict`, { method: 'POST', body: '[[5.1, 3.5, 1.4, 0.2]]' });
    assert.equal((await predict()).status, 200);
    await workbench.clearNotifications();
    await workbench.tree('Endpoints').menu('iris', 'Restart Endpoint');
    assert.match(await workbench.notification(/iris\.onnx/), /not there|does not exist|is gone|no file/i);
    await workbench.screenshot('model-deleted');
    assert.equal((await predict()).status, 200);
  });
});

describe('where images and ports are not to be had', () => {
  let engine: Engine;
  let workspace: string;
  let targets: string[];
  let workbench: Workbench;
  before(async function () {
    const found = await ensureEngine();
    if (!found) skip(this, 'no Docker engine answers');
    engine = found;
    workspace = await copyWorkspace(join(await temporaryFolder('refused'), 'workspace'));
    targets = await ownTargets(workspace, 'refused');
    const settings = {
      'slipway.serve.engine': 'container',
      'slipway.image.nodeBase': '127.0.0.1:1/nothing:1',
    };
    workbench = await openWorkbench({ workspace, settings });
    await workbench.openViews('Slipway');
  });
  after(async () => {
    await workbench?.close();
    await removeContainers(engine.docker, targets, workspace);
    await engine.stop();
  });
  pictureOfFailure(() => workbench);

  it('a serve says which image could not be pulled, and leads to the setting', async () => {
    await workbench.clickTreeAction('Models', model, 'Serve Model');
    const refused = 'The image 127.0.0.1:1/nothing:1 could not be pulled';
    const words = await workbench.notification(refused);
    assert.match(words, /slipway\.image\.nodeBase/);
    await workbench.screenshot('pull-refused');
    await workbench.notification(refused, 'Open Setting');
    await seeSetting(workbench, 'slipway.image.nodeBase');
    assert.deepEqual(await workbench.tree('Endpoints').lines(), []);
  });

  it('a deploy says which port is taken before it builds, and leads to slipway.json', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    try {
      await givePort(port);
      await workbench.clearNotifications();
      await workbench.clickTreeAction('Models', model, 'Deploy Model');
      await workbench.pick(targets[0] ?? '');
      await workbench.typeInQuickInput('first');
      await workbench.notification(new RegExp(`port ${port}`, 'i'), 'Open slipway.json');
      await workbench.page.locator('.tab.active', { hasText: 'slipway.json' }).waitFor();
    } finally {
      holder.close();
    }
  });

  async function givePort(port: number): Promise<void> {
    const file = join(workspace, 'slipway.json');
    const config = JSON.parse(await readFile(file, 'utf8')) as { targets: Record<string, object> };
    const target = config.targets[targets[0] ?? ''];
    assert.ok(target);
    Object.assign(target, { ports: { iris: port } });
    await writeFile(file, JSON.stringify(config, null, 2));
  }
});

describe('in a workspace that is not trusted', () => {
  let workbench: Workbench;
  before(async () => {
    workbench = await openWorkbench({ askForTrust: true });
    await workbench.statusBarItem('Restricted Mode').waitFor();
    await workbench.openViews('Slipway');
  });
  after(() => workbench?.close());
  pictureOfFailure(() => workbench);

  it('models are shown, and nothing that runs is offered', async () => {
    await workbench.tree('Models').expand(model);
    await workbench.treeItem('Models', 'measurements');
    await workbench.page.getByText('This workspace is not trusted: models are shown, but not run.').waitFor();
    await workbench.screenshot('untrusted');
    assert.equal(await workbench.quickInput.offersCommand('Slipway: Serve Model'), false);
    assert.equal(await workbench.quickInput.offersCommand('Slipway: Predict with Sample…'), false);
    assert.equal(await workbench.quickInput.offersCommand('Slipway: Refresh'), true);
  });

  it('a lens over a sample runs nothing, and says how to change that', async () => {
    await workbench.openFile('models/iris.samples.json');
    await workbench.codeLens('Predict').click();
    await workbench.notification('This workspace is not trusted');
    await workbench.screenshot('untrusted-predict');
    await workbench.tree('Endpoints').welcome(/not trusted, so no model of it is run/);
  });
});

/** Waits for a setting in the page of settings, and closes that. */
async function seeSetting({ page }: Workbench, key: string): Promise<void> {
  await page.locator(`.settings-editor [data-key="${key}"]`).first().waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.settings-editor').waitFor({ state: 'hidden' });
}

function pictureOfFailure(of: () => Workbench): void {
  afterEach(async function () {
    const test = this.currentTest;
    if (test?.isFailed()) await of().screenshot(test.title.replaceAll(' ', '-').slice(0, 40));
  });
}

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { openWorkbench, type Workbench } from './support/workbench';

const model = 'iris.onnx';

describe('an endpoint', () => {
  let workbench: Workbench;
  before(async () => {
    workbench = await openWorkbench({ settings: { 'slipway.serve.engine': 'process' } });
    await workbench.openViews('Slipway');
    await workbench.clickTreeAction('Models', model, 'Serve Model');
    await workbench.notification('iris is served at');
  });
  after(() => workbench?.close());
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await workbench.screenshot(`endpoint-${this.currentTest.title}`);
  });

  it('is summed up in the status bar', async () => {
    await workbench.statusBarItem('1 endpoint').waitFor();
  });

  it('is predicted with by the curl command that is copied', async () => {
    await workbench.clearNotifications();
    await workbench.tree('Endpoints').menu('iris', 'Copy as curl');
    await workbench.statusBarItem('The curl command is on the clipboard').waitFor();
    const command = await workbench.clipboard();
    const { stdout } = await promisify(execFile)('bash', ['-c', command]);
    const { outputs } = JSON.parse(stdout) as { outputs: { name: string; data: number[] }[] };
    assert.deepEqual(outputs.find(({ name }) => name === 'label')?.data, [0]);
  });

  it('shows at the sample what it answers', async () => {
    await workbench.clearNotifications();
    await workbench.clickTreeAction('Endpoints', 'iris', 'Predict on Endpoint');
    await workbench.pick('setosa');
    assert.match(await workbench.editor.behindLine(/ms/), /^✓ .*label \[0\]/);
  });

  it('has a log that is shown as it grows', async () => {
    await workbench.tree('Endpoints').menu('iris', 'Open Logs');
    await workbench.page.locator('.panel .view-lines', { hasText: 'Serving iris' }).waitFor();
    await workbench.screenshot('endpoint-logs');
  });

  it('stops, is started again, and is removed', async () => {
    const endpoints = workbench.tree('Endpoints');
    await endpoints.action('iris', 'Stop Endpoint');
    await endpoints.item('stopped');
    await endpoints.action('iris', 'Restart Endpoint');
    await endpoints.item('ready');
    await endpoints.menu('iris', 'Remove Endpoint');
    await workbench.dialog('Remove');
    await endpoints.gone('iris');
    await endpoints.welcome(/Nothing is served/);
  });
});

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { openWorkbench, type Workbench } from './support/workbench';

describe('live metrics', () => {
  let workbench: Workbench;
  before(async () => {
    workbench = await openWorkbench({ settings: { 'slipway.serve.engine': 'process' } });
    await workbench.openViews('Slipway');
    for (const model of ['iris', 'digits']) {
      await workbench.clickTreeAction('Models', `${model}.onnx`, 'Serve Model');
      await workbench.notification(`${model} is served at`);
      await workbench.clearNotifications();
    }
  });
  after(() => workbench?.close());
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await workbench.screenshot(`metrics-${this.currentTest.title}`);
  });

  it('show what an endpoint answers, as it answers', async () => {
    await workbench.clickTreeAction('Endpoints', 'iris', 'Open Metrics');
    const page = await workbench.webviewFrame('Metrics');
    await page.getByText('live since').waitFor();
    await predict('iris', 20);
    await page.locator('.readout td').first().filter({ hasText: /[1-9]/ }).waitFor();
  });

  it('are there again, with the same window, after the window was reloaded', async () => {
    await (await workbench.webviewFrame('Metrics')).getByText('15 min', { exact: true }).click();
    await sleep(1000);
    await workbench.reload();
    const page = await workbench.webviewFrame('Metrics');
    await page.getByText('live since').waitFor();
    assert.equal(await page.getByRole('radio', { name: '15 min' }).getAttribute('aria-checked'), 'true');
  });

  it('go on where they were after they were hidden', async () => {
    await workbench.openFile('models/iris.samples.json');
    await sleep(1500);
    const page = await workbench.webviewFrame('Metrics');
    await predict('iris', 20);
    await page.locator('.readout td').first().filter({ hasText: /[1-9]/ }).waitFor();
  });

  it('say that an endpoint does not answer, and go on when it does again', async () => {
    const page = await workbench.webviewFrame('Metrics');
    await workbench.clickTreeAction('Endpoints', 'iris', 'Stop Endpoint');
    await page
      .getByText(/does not answer since|no answer since|gone since|stopped/i)
      .first()
      .waitFor();
    await workbench.screenshot('metrics-gone');
    await workbench.clickTreeAction('Endpoints', 'iris', 'Restart Endpoint');
    await page.getByText('live since').waitFor();
  });

  it('of several endpoints stand side by side', async () => {
    await workbench.clearNotifications();
    await workbench.runCommand('Slipway: Open Metrics');
    await workbench.quickInput.pickAll();
    const page = await workbench.webviewFrame(/Metrics: .*(and|,|2)/);
    for (const model of ['iris', 'digits']) await page.getByRole('heading', { name: model }).waitFor();
    await predict('digits', 5);
    await workbench.screenshot('metrics-several');
  });

  /** Sends requests to an endpoint; what is wrong with them is nothing to the one that counts them. */
  async function predict(model: string, times: number): Promise<void> {
    const line = await (await workbench.treeItem('Endpoints', model)).innerText();
    const address = /127\.0\.0\.1:\d+/.exec(line)?.[0];
    for (let sent = 0; sent < times; sent++) {
      const body = JSON.stringify({ inputs: [[5.1, 3.5, 1.4, 0.2]] });
      await (await fetch(`http://${address}/predict`, { method: 'POST', body })).arrayBuffer();
      await sleep(50);
    }
  }
});

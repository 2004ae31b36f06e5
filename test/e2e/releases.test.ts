import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureEngine, type Engine } from '../host/engine';
import { skip } from '../host/skip';
import { copyWorkspace, temporaryFolder } from '../host/workspace';
import { ownTargets, removeContainers } from './support/targets';
import { openWorkbench, type Workbench } from './support/workbench';

const model = 'iris.onnx';

describe('releases in the workbench', () => {
  let engine: Engine;
  let workspace: string;
  let targets: string[];
  let workbench: Workbench;

  before(async function () {
    const found = await ensureEngine();
    if (!found) skip(this, 'no Docker engine answers');
    engine = found;
    workspace = await copyWorkspace(join(await temporaryFolder('releases'), 'workspace'));
    targets = await ownTargets(workspace, 'releases');
    await describeTarget({ canary: { steps: [50], watchSeconds: 60 }, confirm: true });
    workbench = await openWorkbench({ workspace });
    await workbench.openViews('Slipway');
  });
  after(async () => {
    await workbench?.close();
    if (engine) await removeContainers(engine.docker, targets, workspace);
    await engine?.stop();
  });
  afterEach(async function () {
    if (this.currentTest?.isFailed())
      await workbench.screenshot(`releases-${this.currentTest.title.slice(0, 30)}`);
  });

  it('show what they would change before they begin, where the target wants that', async () => {
    await deploy('first');
    const dialog = workbench.page.locator('.monaco-dialog-box', { hasText: 'Deploy iris to' });
    await dialog.waitFor();
    assert.match(await dialog.innerText(), new RegExp(`create container slipway-${targets[0]}\\.iris-r1`));
    await workbench.screenshot('releases-plan-question');
    await workbench.dialog('Show Plan');
    await workbench.page.locator('.tab.active', { hasText: 'iris.diff' }).waitFor();
    await workbench.page.locator('.view-line', { hasText: 'memoryMiB: 512' }).waitFor();
    await workbench.screenshot('releases-plan');
    await workbench.notification(/Deploy iris to .*\?/, 'Deploy');
    await workbench.notification(/iris r1 serves on/);
  });

  it('of what serves already are not made again, unless somebody insists', async () => {
    await workbench.clearNotifications();
    await workbench.runCommand('Slipway: Deploy Again');
    await workbench.dialog('Deploy');
    assert.match(
      await workbench.notification('serves this very model already', 'Deploy Anyway'),
      /as iris r1/,
    );
  });

  it('have a part of the traffic while they are on trial, and more of it at a word', async () => {
    const tree = workbench.tree('Targets');
    await tree.item(/^r2\s*canary 50 %/);
    await workbench.screenshot('releases-canary');
    // The trial would take a minute; to cancel it takes the candidate away.
    await workbench.notificationCancel(/Deploying iris/);
    await tree.gone(/^r2/);
    await tree.item(/^r1\s*serving 100 %/);
    await describeTarget({ canary: undefined, confirm: undefined });
    await workbench.clearNotifications();
    await deploy('second');
    await workbench.notification('serves this very model already', 'Deploy Anyway');
    await workbench.notification(/iris r2 serves on/);
  });

  it('have a page that says all about them', async () => {
    await workbench.clearNotifications();
    await workbench.tree('Targets').menu(/^r2/, 'Show Release');
    const page = await workbench.webviewFrame('iris r2 on');
    await page.getByText('Serving, 100 % of the traffic').waitFor();
    for (const fact of ['second', 'Samples hash', '3 of 3 samples pass.', 'memoryMiB', '512'])
      await page.getByText(fact, { exact: true }).first().waitFor();
    assert.equal(await page.getByRole('row', { name: /Passed [\d.]+ ms$/ }).count(), 3);
    await workbench.screenshot('releases-page');
    await page
      .getByRole('button', { name: /^Copy http/ })
      .first()
      .click();
    await workbench.statusBarItem(/is on the clipboard/).waitFor();
    assert.match(await workbench.clipboard(), /^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('have a page each, which comes back after a reload', async () => {
    const second = await workbench.webviewFrame('iris r2 on');
    await second.getByRole('button', { name: 'Open revision 1' }).click();
    const tabs = workbench.page.locator('.tab', { hasText: /iris r\d on/ });
    await workbench.page.locator('.tab.active', { hasText: 'iris r1 on' }).waitFor();
    await workbench.tree('Targets').menu(/^r1/, 'Show Release');
    assert.equal(await tabs.count(), 2);
    const retired = async () =>
      (await workbench.webviewFrame('iris r1 on')).getByText('Retired, no traffic').waitFor();
    await retired();
    await workbench.reload();
    await retired();
  });

  it('are promoted from their page, which follows what becomes of them', async () => {
    const first = await workbench.webviewFrame('iris r1 on');
    await first.getByRole('button', { name: 'Promote…' }).click();
    await workbench.dialog('Promote');
    await first.getByText('Serving, 100 % of the traffic').waitFor();
    const second = await workbench.webviewFrame('iris r2 on');
    await second.getByRole('button', { name: 'Promote…' }).click();
    await workbench.dialog('Promote');
    await second.getByRole('button', { name: 'Roll Back…' }).waitFor();
    await workbench.clearNotifications();
  });

  it('are asked about to the end, though a page takes the focus back late and the person looks elsewhere', async () => {
    const { page, quickInput } = workbench;
    const release = await workbench.webviewFrame('iris r2 on');
    await release.getByText('3 of 3 samples pass.').click();
    await page.waitForTimeout(500);
    // As on a slow machine: what VS Code gives the focus to takes it only later.
    await page.evaluate(`onblur = () => {
      const { activeElement } = document;
      setTimeout(() => activeElement.contentWindow?.focus(), 300);
    }`);
    await workbench.clickTreeAction('Models', model, 'Deploy Model');
    await workbench.pick(targets[0] ?? '');
    await page.waitForTimeout(1000);
    await quickInput.fill('third');
    await release.getByText('3 of 3 samples pass.').click();
    await page.waitForTimeout(500);
    assert.equal(await quickInput.text(), 'third');
    await quickInput.dismiss();
    await page.evaluate('onblur = null');
  });

  it('have a history to compare them', async () => {
    const page = await workbench.webviewFrame('iris r2 on');
    await page.getByRole('button', { name: 'Compare with…' }).click();
    await workbench.pick('r1');
    await workbench.page.locator('.tab.active', { hasText: 'r1 ↔ r2' }).waitFor();
    await workbench.runCommand('View: Close All Editors');
    await workbench.tree('Targets').action(/^iris/, 'Release History');
    await workbench.quickInput.pickAll();
    await workbench.page.locator('.tab.active', { hasText: 'r1 ↔ r2' }).waitFor();
    await workbench.page.locator('.view-line', { hasText: 'note: first' }).first().waitFor();
    await workbench.screenshot('releases-compare');
  });

  it('are linked to', async () => {
    await workbench.tree('Targets').menu(/^r2/, 'Copy Link to Release');
    await workbench.statusBarItem('The link is on the clipboard').waitFor();
    assert.match(
      await workbench.clipboard(),
      new RegExp(`^[\\w-]+://slipway\\.slipway/${targets[0]}/iris/2$`),
    );
  });

  it('have a workflow for CI written, which is not written over unasked', async () => {
    const create = async () => {
      await workbench.runCommand('Slipway: Create CI Workflow…');
      await workbench.pick('iris');
      await workbench.pick(targets[0] ?? '');
      await workbench.pick('GitHub Actions');
      await workbench.pick('A push to main');
    };
    await workbench.runCommand('View: Close All Editors');
    await create();
    await workbench.page.locator('.tab.active', { hasText: 'slipway-iris.yml' }).waitFor();
    const file = join(workspace, '.github/workflows/slipway-iris.yml');
    assert.match(
      await readFile(file, 'utf8'),
      /--package "\$SLIPWAY_PACKAGE" slipway deploy iris --target releases-staging/,
    );
    await workbench.screenshot('releases-workflow');
    await writeFile(file, '# mine');
    await workbench.runCommand('View: Close All Editors');
    await create();
    await workbench.dialog('Cancel');
    assert.equal(await readFile(file, 'utf8'), '# mine');
  });

  async function deploy(note: string): Promise<void> {
    await workbench.clickTreeAction('Models', model, 'Deploy Model');
    await workbench.pick(targets[0] ?? '');
    await workbench.typeInQuickInput(note);
  }

  async function describeTarget(options: Record<string, unknown>): Promise<void> {
    const file = join(workspace, 'slipway.json');
    const config = JSON.parse(await readFile(file, 'utf8')) as { targets: Record<string, object> };
    Object.assign(config.targets[targets[0] ?? ''] ?? {}, options);
    await writeFile(file, JSON.stringify(config, null, 2));
  }
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureEngine, type Engine } from '../host/engine';
import { skip } from '../host/skip';
import { copyWorkspace, temporaryFolder } from '../host/workspace';
import { ownTargets, removeContainers } from './support/targets';
import { openWorkbench, type Workbench } from './support/workbench';

const python = '/usr/bin/python3';
const model = 'forest.joblib';
/** Runs a command when it is loaded. */
const harmful = "cos\nsystem\n(S'true'\ntR.";

describe('a pickle in the workbench', () => {
  let engine: Engine;
  let workspace: string;
  let targets: string[];
  let workbench: Workbench;

  before(async function () {
    const found = await ensureEngine();
    if (!found) skip(this, 'no Docker engine answers');
    if (!existsSync('/usr/lib/python3/dist-packages/sklearn')) skip(this, 'there is no scikit-learn here');
    engine = found;
    workspace = await copyWorkspace(join(await temporaryFolder('pickle'), 'workspace'));
    const made = await temporaryFolder('made');
    execFileSync(python, ['test/fixtures/python/make_models.py', made], { stdio: 'ignore' });
    copyFileSync(join(made, 'RandomForestClassifier.joblib'), join(workspace, model));
    targets = await ownTargets(workspace, 'pickle');
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
      await workbench.screenshot(`pickle-${this.currentTest.title.slice(0, 30)}`);
  });

  it('shows what it is and what it would import, without being loaded', async () => {
    const models = workbench.tree('Models');
    await models.expand(model);
    await models.item('sklearn.ensemble._forest.RandomForestClassifier');
    await models.item(/would import/);
    await workbench.screenshot('pickle-explorer');
  });

  it('gets samples that it predicts with', async () => {
    await workbench.tree('Models').menu(model, 'New Samples File');
    await workbench.page
      .locator('.tab.active', { hasText: 'forest.samples.json' })
      .waitFor({ timeout: 90_000 });
    await workbench.codeLens('Predict').click();
    assert.match(await workbench.editor.behindLine(/ms/), /label \[[01]\], probabilities/);
    await workbench.codeLens('Record as expected').click();
    await workbench.editor.save();
    await workbench.screenshot('pickle-predict');
  });

  it('is served and deployed as any model is', async () => {
    await workbench.clickTreeAction('Models', model, 'Serve Model');
    assert.match(await workbench.notification('forest is served at'), /\(container\)/);
    await workbench.clearNotifications();
    await workbench.clickTreeAction('Models', model, 'Deploy Model');
    await workbench.pick(targets[0] ?? '');
    await workbench.typeInQuickInput('a forest');
    await workbench.notification(/forest r1 serves on/);
    await workbench.screenshot('pickle-deployed');
  });

  it('that would do harm is marked, and is not loaded unless somebody insists', async () => {
    writeFileSync(join(workspace, 'harmful.pkl'), harmful);
    await workbench.clearNotifications();
    const models = workbench.tree('Models');
    await models.collapse(model);
    await models.expand('harmful.pkl');
    await models.item(/os\.system/);
    await models.menu('harmful.pkl', 'New Samples File');
    await workbench.page.locator('.monaco-dialog-box', { hasText: 'may run code that does harm' }).waitFor();
    await workbench.screenshot('pickle-harmful');
    await workbench.dialog('Cancel');
    await workbench.notification('harmful.pkl was not loaded');
    await workbench.clearNotifications();
    await workbench.clickTreeAction('Models', 'harmful.pkl', 'Serve Model');
    await workbench.page.locator('.monaco-dialog-box', { hasText: 'may run code that does harm' }).waitFor();
    await workbench.page.keyboard.press('Enter');
    await workbench.page.locator('.markers-panel', { hasText: 'os.system' }).waitFor();
    await workbench.notification('harmful.pkl was not loaded');
  });
});

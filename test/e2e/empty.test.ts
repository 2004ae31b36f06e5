import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../host/workspace';
import { openWorkbench, type Workbench } from './support/workbench';

describe('a folder with nothing in it', () => {
  let workspace: string;
  let workbench: Workbench;
  before(async () => {
    workspace = await temporaryFolder('empty');
    workbench = await openWorkbench({ workspace, theme: 'light' });
    await workbench.openViews('Slipway');
  });
  after(() => workbench?.close());

  it('says in each view what to do', async () => {
    await workbench
      .tree('Models')
      .welcome(/Put an \.onnx, \.pkl or \.joblib file, a folder of MLflow or a predict\.py into it/);
    await workbench.tree('Endpoints').welcome(/Nothing is served/);
    await workbench.tree('Targets').welcome(/slipway\.json names them/);
    await workbench.screenshot('empty');
  });

  it('gets a slipway.json that works from the button that offers it', async () => {
    await workbench.tree('Targets').press('Create slipway.json');
    await workbench.page.locator('.tab.active', { hasText: 'slipway.json' }).waitFor();
    const { targets } = JSON.parse(await readFile(join(workspace, 'slipway.json'), 'utf8')) as {
      targets: Record<string, object>;
    };
    for (const target of Object.keys(targets)) await workbench.treeItem('Targets', target);
  });

  it('shows a model as soon as there is one', async () => {
    await copyFile('test/fixtures/workspace/models/iris.onnx', join(workspace, 'iris.onnx'));
    await workbench.treeItem('Models', 'iris.onnx');
  });

  it('has first steps in the walkthrough', async () => {
    await workbench.runCommand('Slipway: First Steps');
    await workbench.page.locator('.gettingStartedContainer', { hasText: 'Slipway' }).waitFor();
    await workbench.screenshot('walkthrough');
  });
});

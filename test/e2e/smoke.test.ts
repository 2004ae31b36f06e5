import assert from 'node:assert/strict';
import { openWorkbench, type Workbench } from './support/workbench';

describe('the packaged extension', () => {
  let workbench: Workbench;
  before(async () => {
    workbench = await openWorkbench();
  });
  after(() => workbench.close());

  it('shows its three views in a clean VS Code', async () => {
    await workbench.openViews('Slipway');
    for (const model of ['iris', 'breast-cancer', 'digits']) await workbench.treeItem('Models', model);
    await workbench.treeItem('Targets', 'staging');
    await workbench.screenshot('smoke');
  });

  it('starts no server by itself', async () => {
    assert.deepEqual(await workbench.tree('Endpoints').lines(), []);
  });
});

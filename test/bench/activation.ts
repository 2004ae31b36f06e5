import { openWorkbench } from '../e2e/support/workbench';
import { packageExtension } from '../host/package';
import { printTable } from './table';

/** How long Slipway takes to activate in a real VS Code, against the JSON support that comes with it. */
export async function measureActivation(): Promise<void> {
  await packageExtension();
  const workbench = await openWorkbench();
  try {
    await workbench.openFile('models/iris.samples.json');
    await workbench.page.getByText('Predict', { exact: false }).first().waitFor();
    await workbench.runCommand('Developer: Show Running Extensions');
    const millisecondsOf = async (name: string) => {
      const row = workbench.page.locator('.extension', {
        has: workbench.page.getByText(name, { exact: true }),
      });
      const words = await row.locator('.activation-time').innerText();
      const milliseconds = /(\d+)\s*ms/.exec(words)?.[1];
      if (milliseconds === undefined) throw new Error(`There is no activation time in "${words}".`);
      return Number(milliseconds);
    };
    const ours = await millisecondsOf('Slipway');
    const peer = await millisecondsOf('JSON Language Features');
    printTable(
      ['activation', 'ms', 'ours is'],
      [
        ['Slipway', String(ours), ''],
        ['JSON Language Features', String(peer), `${(ours / Math.max(peer, 1)).toFixed(2)} ×`],
      ],
    );
  } finally {
    await workbench.close();
  }
}

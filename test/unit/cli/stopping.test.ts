import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { run } from '../../host/command';
import { copyWorkspace, temporaryFolder } from '../../host/workspace';
import { errorIn, slipway } from './support';

/** Runs a command that says its progress to a terminal, which closes after the first of it. */
const inClosingTerminal = `import os, pty, subprocess, sys
terminal, inside = pty.openpty()
command = subprocess.Popen(sys.argv[1:], stderr=inside)
os.close(inside)
os.read(terminal, 1)
os.close(terminal)
command.wait()
`;

describe('a command that is stopped', () => {
  let workspace: string;
  before(async () => {
    workspace = await copyWorkspace(join(await temporaryFolder('cli-stopping'), 'workspace'));
  });

  for (const signals of [['SIGINT'], ['SIGTERM'], ['SIGHUP'], ['SIGHUP', 'SIGHUP']] as const) {
    it(`takes back what it began on ${signals.join(' and ')}`, async () => {
      const { code, out, err } = await slipway(['serve', 'iris', '--json'], workspace, {
        onStart: (child) =>
          child.stdout?.once('data', () => {
            for (const signal of signals) child.kill(signal);
          }),
      });
      assert.equal(code, 130, err);
      assert.match(err, /Cancelled\.\n$/);
      const { pid } = JSON.parse(out) as { pid: number };
      assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    });
  }

  it('takes back what it began when nobody reads its result', async () => {
    const { code, err } = await slipway(['serve', 'iris'], workspace, {
      onStart: (child) => child.stdout?.destroy(),
    });
    assert.equal(code, 130, err);
    assert.match(err, /Stopping: what came in is answered first\.\nCancelled\.\n$/);
  });

  it('goes no further when nobody reads its progress', async () => {
    const { code, out } = await slipway(['test'], workspace, {
      onStart: (child) => child.stderr?.once('data', () => child.stderr?.destroy()),
    });
    assert.deepEqual([code, out], [130, '']);
  });

  it('goes no further when the terminal that it says its progress to is closed', async () => {
    const words = [process.execPath, resolve('dist/cli.js'), 'test', '--json'];
    const out = await run('python3', ['-c', inClosingTerminal, ...words], { cwd: workspace });
    assert.equal(errorIn({ out }).code, 'cancelled');
  });

  for (const words of [['--help'], ['predict', 'iris']]) {
    it(`ends quietly when it has said all that it had to: slipway ${words.join(' ')}`, async () => {
      const { code, err } = await slipway(words, workspace, {
        onStart: (child) => child.stdout?.destroy(),
      });
      assert.deepEqual([code, err], [0, '']);
    });
  }
});

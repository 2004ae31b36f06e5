import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { cores, processors } from '../../../src/server/processors';
import { temporaryFolder } from '../../host/workspace';

describe('the processors that a server may use', () => {
  const all = availableParallelism();
  const one = (quota: string) => ({ 'cpu/cpu.cfs_quota_us': quota, 'cpu/cpu.cfs_period_us': '50000' });

  for (const [what, files, expected] of [
    ['all where nothing is said', {}, all],
    ['all where there is no limit', { 'cpu.max': 'max 100000' }, all],
    ['all where there is no limit in version 1', one('-1'), all],
    ['all where the limit is higher', { 'cpu.max': `${(all + 1) * 100_000} 100000` }, all],
    ['as many as there is time for', { 'cpu.max': '100000 100000' }, 1],
    ['as many as there is time for in version 1', one('75000'), 1],
    ['one at least', { 'cpu.max': '20000 100000' }, 1],
    ['one at least in version 1', one('1000'), 1],
  ] as const) {
    it(`are ${what}`, async () => {
      const root = await temporaryFolder('cgroup');
      for (const [name, text] of Object.entries(files)) {
        await mkdir(dirname(join(root, name)), { recursive: true });
        await writeFile(join(root, name), `${text}\n`);
      }
      assert.equal(processors(root), expected);
    });
  }
});

describe('the cores of a machine', () => {
  const tell = async (siblings: string[]): Promise<number | undefined> => {
    const root = await temporaryFolder('cpu');
    await mkdir(join(root, 'cpufreq'));
    for (const [index, list] of siblings.entries()) {
      await mkdir(join(root, `cpu${index}`, 'topology'), { recursive: true });
      await writeFile(join(root, `cpu${index}`, 'topology', 'thread_siblings_list'), `${list}\n`);
    }
    return cores(root);
  };

  it('are as many as its processors, where each has one of its own', async () => {
    assert.equal(await tell(['0', '1', '2']), 3);
  });

  it('are fewer where processors share one', async () => {
    assert.equal(await tell(['0,2', '1,3', '0,2', '1,3']), 2);
  });

  it('are unknown where the system does not say', async () => {
    assert.equal(await tell([]), undefined);
    assert.equal(cores('/nowhere'), undefined);
  });
});

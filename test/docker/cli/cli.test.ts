import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { labels } from '../../../src/core/docker/labels';
import { run } from '../../host/command';
import { packageExtension } from '../../host/package';
import { copyWorkspace, temporaryFolder } from '../../host/workspace';
import { slipway } from '../../unit/cli/support';
import { ownTargets } from '../../e2e/support/targets';
import { cleanUp, leftoversOf } from '../target/support';
import { baseImages, ensureBaseImages } from '../../host/baseImages';
import { docker } from '../target/support';

interface Told {
  unchanged?: boolean;
  release: {
    revision: number;
    state: string;
    proof: string;
    stableUrl: string;
    commit?: string;
    note: string;
  };
}

describe('the command line on a Docker engine', () => {
  let workspace: string;
  let target: string;

  before(async () => {
    await ensureBaseImages(docker);
    workspace = await copyWorkspace(join(await temporaryFolder('cli'), 'workspace'));
    [target = ''] = await ownTargets(workspace, 'cli');
    await cleanUp(target);
  });
  after(() => cleanUp(target));

  const told = ({ out }: { out: string }) => JSON.parse(out) as Told;

  it('plans, deploys, does nothing twice, deploys anew, lists and rolls back', async () => {
    const planned = await slipway(['plan', 'iris', '--target', target], workspace);
    assert.equal(planned.code, 0, planned.err);
    assert.match(planned.out, new RegExp(`create container slipway-${target}\\.iris-r1`));
    assert.deepEqual(await leftoversOf(target), []);

    const deploy = ['deploy', 'iris', '--target', target, '--json'];
    const first = await slipway([...deploy, '--note', 'first'], workspace);
    assert.equal(first.code, 0, first.err);
    assert.match(first.err, /^1\/5 check …\n1\/5 check done\n2\/5 build …\n[^]*5\/5 traffic done: /);
    const { release } = told(first);
    assert.deepEqual([release.revision, release.state, release.note], [1, 'serving', 'first']);
    assert.equal(release.proof, '3 of 3 samples pass');

    const again = told(await slipway(deploy, workspace));
    assert.deepEqual([again.unchanged, again.release.revision], [true, 1]);
    const anew = told(await slipway([...deploy, '--anyway'], workspace));
    assert.deepEqual([anew.unchanged, anew.release.revision], [false, 2]);
    const back = told(await slipway(['rollback', 'iris', '--target', target, '--json'], workspace));
    assert.equal(back.release.revision, 1);
    const { out } = await slipway(['releases', '--target', target], workspace);
    assert.match(out, /iris r2 {2}retired 0 % {2}stopped[^]*iris r1 {2}serving 100 % {2}ready {2}first/);
    const predicted = await slipway(['predict', 'iris', '--url', release.stableUrl], workspace);
    assert.match(predicted.out, /^label: \[0\]/);
  });

  it('exits with 3 when a sample fails, and what served goes on', async () => {
    const file = join(workspace, 'models/iris.samples.json');
    const before = await readFile(file, 'utf8');
    const samples = JSON.parse(before) as { samples: { expected: { label: number[] } }[] };
    Object.assign(samples.samples[0]?.expected ?? {}, { label: [2] });
    await writeFile(file, JSON.stringify(samples));
    const left = await leftoversOf(target);
    const { code, out, err } = await slipway(['deploy', 'iris', '--target', target, '--json'], workspace);
    await writeFile(file, before);
    assert.equal(code, 3);
    const { error } = JSON.parse(out) as { error: { code: string } };
    assert.equal(error.code, 'verify-failed');
    assert.match(err, /fails 1 of 3 samples\.\nsetosa, label\[0\]: Expected 2, got 0/);
    assert.deepEqual((await leftoversOf(target)).sort(), left.sort());
  });

  it('stopped in the middle of a deploy takes back what it has begun', async () => {
    const left = await leftoversOf(target);
    const { code, err } = await slipway(['deploy', 'iris', '--target', target, '--anyway'], workspace, {
      onStart: (child) => {
        let said = '';
        child.stderr?.on('data', (piece: Buffer) => {
          if (!said.includes('verify …') && (said += piece.toString()).includes('verify …'))
            child.kill('SIGINT');
        });
      },
    });
    assert.equal(code, 130, err);
    assert.match(err, /Stopping; once more to end at once\./);
    assert.deepEqual((await leftoversOf(target)).sort(), left.sort());
  });

  it('serves in a container until it is stopped, of which nothing is left', async () => {
    const model = join(workspace, 'models/iris.onnx');
    const mine = () =>
      docker.listContainers({
        all: true,
        filters: { label: [`${labels.kind}=endpoint`, `${labels.modelPath}=${model}`] },
      });
    let served: Promise<void> | undefined;
    const { code, err } = await slipway(['serve', 'iris', '--container', '--json'], workspace, {
      onStart: (child) =>
        child.stdout?.once('data', (printed: Buffer) => {
          const { url, container } = JSON.parse(printed.toString()) as { url: string; container: string };
          served = (async () => {
            assert.deepEqual(
              (await mine()).map(({ Id }) => Id),
              [container],
            );
            const { out } = await slipway(['predict', 'iris', '--url', url], workspace);
            assert.match(out, /^label: \[0\]/);
          })().finally(() => child.kill('SIGINT'));
        }),
    });
    assert.equal(code, 130, err);
    await served;
    assert.deepEqual(await mine(), []);
  });

  it('works as a package of npm, where nothing else of ours is', async function () {
    this.timeout(180_000);
    const archive = (await packageExtension()).replace(/vsix$/, 'tgz');
    const folder = await copyWorkspace(join(await temporaryFolder('npm'), 'workspace'));
    await writeFile(join(folder, 'package.json'), '{"private": true}');
    await run('npm', ['install', '--no-audit', '--no-fund', '--offline', resolve(archive)], { cwd: folder });
    const env = { ...process.env, SLIPWAY_NODE_BASE: baseImages.node, SLIPWAY_PROXY_IMAGE: baseImages.proxy };
    assert.equal(await run('npx', ['slipway', 'test', 'iris'], { cwd: folder, env }), '3 passed, 0 failed\n');
    const [own = ''] = await ownTargets(folder, 'npm');
    try {
      const words = await run('npx', ['slipway', 'deploy', 'iris', '--target', own], { cwd: folder, env });
      assert.match(words, /^iris r1 serves on npm-\w+ at http:/);
    } finally {
      await cleanUp(own);
    }
  });
});

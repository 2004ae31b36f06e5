import assert from 'node:assert/strict';
import { deploy } from '../../../../src/core/release/deploy';
import type { KServeConfig } from '../../../../src/core/target/kserve/options';
import type { Release, Target } from '../../../../src/core/target/target';
import type { KServeSetup } from '../../../host/kubernetes/kserve';
import { KubernetesApi } from '../../../host/kubernetesApi';
import {
  deployTask,
  eventually,
  serve,
  startCandidate,
  subjectOf,
  taskOf,
  type Subject,
} from '../kubernetes/support';
import { knative, kserveTargetOf, releaseOn, standard } from './support';

/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return -- specs are read as JSON */

describe('the servers of a release with KServe', () => {
  let api: KubernetesApi;
  let target: Target;
  let iris: Subject;
  let said: string[];

  async function start(kserve: KServeSetup, config: Partial<KServeConfig> = {}): Promise<void> {
    api = await KubernetesApi.start({ kserve });
    target = kserveTargetOf(api, config);
    said = [];
  }

  function scale(release: Release, replicas: number): Promise<Release> {
    const task = { ...taskOf(), report: (words: string) => void said.push(words) };
    return target.scale?.(release, replicas, task) ?? assert.fail('it can not scale');
  }

  function predictor(name = 'iris') {
    return api.store.get(api.kind('InferenceService'), 'models', name).spec.predictor;
  }

  before(async () => (iris = await subjectOf('iris')));
  afterEach(async () => {
    target.dispose();
    await api.stop();
  });

  it('are as few as asked for, and as many as the target allows where that is more', async () => {
    await start(knative, { maxReplicas: 3 });
    const release = await serve(target, iris);
    assert.deepEqual(release.replicas?.range, { min: 1, max: 3 });
    const scaled = await scale(release, 2);
    assert.deepEqual([predictor().minReplicas, predictor().maxReplicas], [2, 3]);
    assert.deepEqual(scaled.replicas?.range, { min: 2, max: 3 });
    // KServe replaces the one server that there was.
    await eventually(async () => (await releaseOn(target, 1)).replicas?.wanted === 2);
    assert.deepEqual(said, ['revision 1 of iris has 2 to 3 servers, as the load asks']);
    await scale(scaled, 5);
    assert.deepEqual([predictor().minReplicas, predictor().maxReplicas], [5, 5]);
    assert.equal(said.at(-1), 'revision 1 of iris has 5 servers');
  });

  it('stay as many until another release takes over, which has as many as the target says', async () => {
    await start(knative, { maxReplicas: 3 });
    await scale(await serve(target, iris), 2);
    const candidate = await startCandidate(target, iris);
    await target.fail(candidate, 'of no use', taskOf());
    assert.equal(predictor().minReplicas, 2);
    await serve(target, iris);
    assert.deepEqual([predictor().minReplicas, predictor().maxReplicas], [1, 3]);
  });

  it('can be none with Knative, until somebody asks', async () => {
    await start(knative);
    const scaled = await scale(await serve(target, iris), 0);
    assert.equal(predictor().minReplicas, 0);
    assert.equal(scaled.state, 'serving');
    assert.deepEqual(said, ['revision 1 of iris has 0 or more servers, as the load asks']);
  });

  it('are at least one of plain Deployments, and no more than asked for', async () => {
    await start(standard);
    const release = await serve(target, iris);
    await assert.rejects(scale(release, 0), {
      code: 'config-invalid',
      message: /^Only where KServe runs on Knative can there be no server at all/,
      next: 'Ask for 1 or more.',
    });
    await scale(release, 2);
    assert.deepEqual([predictor().minReplicas, predictor().maxReplicas], [2, 2]);
    assert.deepEqual(said, ['revision 1 of iris has 2 servers']);
  });

  it('of a candidate are as many as a trial of it needs', async () => {
    await start(standard);
    const candidate = await startCandidate(target, iris);
    const scaled = await scale(candidate, 2);
    assert.equal(predictor('iris-r1').minReplicas, 2);
    assert.deepEqual(scaled.replicas?.range, { min: 2, max: 2 });
    await target.promote(candidate, taskOf());
    assert.equal(predictor().minReplicas, 1);
  });

  it('are not changed while a canary is on trial, nor of a release that has none', async () => {
    await start(knative);
    await serve(target, iris);
    const candidate = await startCandidate(target, iris);
    await target.setTraffic?.(candidate, 20, taskOf());
    await assert.rejects(scale(await releaseOn(target, 1), 2), {
      code: 'cluster-refused',
      message: /^While revision 2 of iris is on trial/,
    });
    await target.promote(candidate, taskOf());
    await assert.rejects(scale(await releaseOn(target, 1), 2), {
      message: 'revision 1 of iris has no servers.',
    });
  });

  it('are made anew where the target has other settings, and not where it has the same', async () => {
    await start(standard);
    const same = { ...iris, anyway: false };
    const first = await deploy(target, same, deployTask());
    assert.equal(first.release.settings, target.settings);
    await scale(first.release, 2);
    assert.equal((await deploy(target, same, deployTask())).unchanged, true);
    target.dispose();
    target = kserveTargetOf(api, { resources: { requests: { cpu: '200m' } } });
    const second = await deploy(target, same, deployTask());
    assert.deepEqual([second.unchanged, second.release.revision], [false, 2]);
    assert.equal(predictor().containers[0].resources.requests.cpu, '200m');
  });
});

import assert from 'node:assert/strict';
import type { Release, Target } from '../../../../src/core/target/target';
import { KubernetesApi } from '../../../host/kubernetesApi';
import { imageOf, serve, startCandidate, subjectOf, targetOf, taskOf, type Subject } from './support';

/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-assignment -- specs are read as JSON */

describe('the servers of a release that is scaled by its load', () => {
  let api: KubernetesApi;
  let target: Target;
  let iris: Subject;
  let said: string[];

  before(async () => (iris = await subjectOf('iris')));
  beforeEach(async () => {
    api = await KubernetesApi.start();
    target = targetOf(api, { autoscale: { min: 1, max: 3, cpuPercent: 70 } });
    said = [];
  });
  afterEach(async () => {
    target.dispose();
    await api.stop();
  });

  function scale(release: Release, replicas: number): Promise<Release> {
    const task = { ...taskOf(), report: (words: string) => void said.push(words) };
    return target.scale?.(release, replicas, task) ?? assert.fail('it can not scale');
  }

  function limits(): [number, number] {
    const { spec } = api.store.get(api.kind('HorizontalPodAutoscaler'), 'models', 'iris');
    assert.equal(spec.metrics[0].resource.target.averageUtilization, 70);
    return [spec.minReplicas, spec.maxReplicas];
  }

  it('are as few as asked for, which the autoscaler is told and the Deployment is not', async () => {
    const release = await serve(target, iris);
    assert.deepEqual(release.replicas?.range, { min: 1, max: 3 });
    const before = api.store.get(api.kind('Deployment'), 'models', 'iris-r1').metadata.generation;
    const scaled = await scale(release, 2);
    assert.deepEqual(limits(), [2, 3]);
    assert.deepEqual(scaled.replicas?.range, { min: 2, max: 3 });
    assert.deepEqual(said, ['revision 1 of iris has 2 to 3 servers, as the load asks']);
    await scale(scaled, 4);
    assert.deepEqual(limits(), [4, 4]);
    assert.equal(said.at(-1), 'revision 1 of iris has 4 servers');
    assert.equal(api.store.get(api.kind('Deployment'), 'models', 'iris-r1').metadata.generation, before);
    await assert.rejects(scale(scaled, 0), {
      code: 'cluster-refused',
      message: /has traffic, so one server/,
    });
  });

  it('stay so when a canary gets a part of the traffic, and are as configured after the next promotion', async () => {
    await scale(await serve(target, iris), 2);
    const candidate = await startCandidate(target, iris);
    await target.setTraffic?.(candidate, 30, taskOf());
    assert.deepEqual(limits(), [2, 3]);
    await target.promote(candidate, taskOf());
    assert.deepEqual(limits(), [1, 3]);
  });

  it('of a candidate are a number, as no load decides it', async () => {
    const candidate = await startCandidate(target, iris);
    const scaled = await scale(candidate, 2);
    assert.deepEqual([scaled.replicas?.wanted, scaled.replicas?.range], [2, undefined]);
    assert.deepEqual(said, ['revision 1 of iris has 2 servers']);
  });

  it('are no number in files for Git, which would take back what the autoscaler did', async () => {
    const files = (await target.manifests?.(iris, imageOf(iris.model), 'yaml')) ?? {};
    assert.doesNotMatch(files['deployment.yaml'] ?? '', /^ {2}replicas:/m);
    const fixed = targetOf(api, { replicas: 2 });
    const others = (await fixed.manifests?.(iris, imageOf(iris.model), 'yaml')) ?? {};
    fixed.dispose();
    assert.match(others['deployment.yaml'] ?? '', /^ {2}replicas: 2$/m);
  });
});

import assert from 'node:assert/strict';
import { deploy } from '../../../../src/core/release/deploy';
import type { Target } from '../../../../src/core/target/target';
import { KubernetesApi } from '../../../host/kubernetesApi';
import { deployTask, serve, startCandidate, subjectOf, taskOf, type Subject } from '../kubernetes/support';
import { inferenceService, kserveTargetOf, knative, releaseOn, servicesOf } from './support';

describe("somebody else's InferenceService of the model's name", () => {
  let api: KubernetesApi;
  let target: Target;
  let iris: Subject;

  /** One that a colleague made without Slipway. */
  function makeForeign(): string {
    const predictor = { containers: [{ name: 'kserve-container', image: 'theirs' }] };
    const body = {
      apiVersion: 'serving.kserve.io/v1beta1',
      kind: 'InferenceService',
      metadata: { name: 'iris' },
      spec: { predictor },
    };
    api.store.create(api.kind('InferenceService'), 'models', body, { manager: 'kubectl' });
    return shown();
  }

  function shown(): string {
    const { metadata, spec } = inferenceService(api);
    return JSON.stringify([metadata.labels, metadata.annotations, spec]);
  }

  before(async () => (iris = await subjectOf('iris')));
  beforeEach(async () => {
    api = await KubernetesApi.start({ kserve: knative });
    target = kserveTargetOf(api);
  });
  afterEach(async () => {
    target.dispose();
    await api.stop();
  });

  it('that Slipway did not make hinders a deploy before anything is written', async () => {
    const before = makeForeign();
    const words = {
      code: 'cluster-refused',
      message: 'There is an InferenceService iris in the namespace models that Slipway did not make.',
      next: 'Give staging another namespace, or the model another name.',
    };
    await assert.rejects(target.check(iris, taskOf()), words);
    await assert.rejects(target.plan(iris, taskOf()), words);
    await assert.rejects(startCandidate(target, iris), words);
    assert.deepEqual(servicesOf(api), ['InferenceService iris']);
    assert.equal(shown(), before);
  });

  it('that came while a release was proven is not written over, and not removed with it', async () => {
    const candidate = await startCandidate(target, iris);
    const before = makeForeign();
    await assert.rejects(target.promote(candidate, taskOf()), { code: 'cluster-refused' });
    assert.equal(shown(), before);
    assert.deepEqual(await target.remove(await releaseOn(target, 1), taskOf()), []);
    assert.equal(shown(), before);
  });

  it('that another target has is named', async () => {
    const other = kserveTargetOf(api, {}, 'production');
    await serve(other, iris);
    other.dispose();
    const words = {
      code: 'cluster-refused',
      message: 'The model iris in the namespace models belongs to the target production.',
    };
    await assert.rejects(target.check(iris, taskOf()), words);
    await assert.rejects(deploy(target, iris, deployTask()), words);
  });
});

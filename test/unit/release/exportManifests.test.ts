import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportManifests } from '../../../src/core/release/exportManifests';
import { temporaryFolder } from '../../host/workspace';
import { FakeTarget } from './fakeTarget';

const model = { name: 'iris', path: '/models/iris.onnx', hash: 'ab' };
const task = { signal: new AbortController().signal, report: () => undefined };

describe('exporting manifests', () => {
  it('writes what the target would apply, with the image that was pushed, and applies nothing', async () => {
    const target = new FakeTarget();
    target.takesFromRegistry();
    target.manifests = (_request, image) => Promise.resolve({ 'base/deployment.yaml': `image: ${image}\n` });
    const folder = await temporaryFolder('manifests');
    const files = await exportManifests(target, { model, samples: [], note: '' }, folder, 'yaml', task);
    assert.deepEqual(files, [join(folder, 'base/deployment.yaml')]);
    const text = await readFile(files[0] ?? '', 'utf8');
    assert.equal(text, 'image: registry.example/iris@sha256:0123456789abcdef\n');
    assert.deepEqual(target.calls, ['build', 'push']);
  });

  it('says so where a target applies none', async () => {
    const exported = exportManifests(
      new FakeTarget(),
      { model, samples: [], note: '' },
      '/nowhere',
      'helm',
      task,
    );
    await assert.rejects(exported, {
      code: 'target-missing',
      message: /^A deploy to staging applies no manifests\.$/,
    });
  });
});

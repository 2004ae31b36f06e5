import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashModel, modelFiles } from '../../../src/core/model/hashModel';
import { hostileModel, workspaceModel } from '../fixtures';

describe('hashModel', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'slipway-hash-'))));
  after(() => rm(folder, { recursive: true }));

  it('is the SHA-256 of a model that has all its weights in one file', async () => {
    const bytes = await readFile(workspaceModel('iris'));
    assert.equal(await hashModel(workspaceModel('iris')), createHash('sha256').update(bytes).digest('hex'));
  });

  it('changes with the file', async () => {
    const copy = join(folder, 'model.onnx');
    await copyFile(workspaceModel('iris'), copy);
    const first = await hashModel(copy);
    await copyFile(workspaceModel('digits'), copy);
    assert.notEqual(await hashModel(copy), first);
  });

  it('takes in the files that hold the weights', async () => {
    const model = join(folder, 'beside.onnx');
    const bytes = await readFile(hostileModel('external-outside'));
    await writeFile(model, Buffer.from(bytes.toString('latin1').replace('../secret.bin', 'wei/ghts.bin!'), 'latin1'));
    assert.deepEqual(await modelFiles(model), [model, join(folder, 'wei/ghts.bin!')]);
    await assert.rejects(hashModel(model), { code: 'model-missing' });
  });

  it('refuses weights outside of the folder', async () => {
    await assert.rejects(modelFiles(hostileModel('external-outside')), { code: 'model-unsupported' });
  });
});

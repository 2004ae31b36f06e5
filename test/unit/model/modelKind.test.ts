import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { formOf, isModelFile, modelExtensions, titleOf } from '../../../src/core/model/modelKind';
import { backendFor } from '../../../src/server/backend';
import type { ServerOptions } from '../../../src/server/options';

describe('what a model is by its name', () => {
  it('is the same for the list and for the patterns', () => {
    for (const extension of modelExtensions) {
      const file = `a/some.model.${extension}`;
      assert.ok(isModelFile(file), file);
      assert.equal(titleOf(file), 'some.model', file);
    }
    assert.ok(!isModelFile('a/data.csv.gz'));
    assert.ok(!isModelFile('a/xjoblib'));
  });

  it('is the same for the menus', () => {
    const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      contributes: { menus: Record<string, { when?: string }[]> };
    };
    const patterns = Object.values(contributes.menus)
      .flat()
      .flatMap(({ when }) => /resourceFilename =~ \/(\\\.\(onnx.*?\)\$)\//.exec(when ?? '')?.[1] ?? []);
    assert.ok(patterns.length > 0);
    for (const pattern of patterns)
      for (const extension of modelExtensions) assert.match(`model.${extension}`, new RegExp(pattern));
  });

  it('is the same for the server', async () => {
    for (const name of [
      'm.pkl',
      'm.sav',
      'm.pkl.bz2',
      'm.JOBLIB',
      'm.dat',
      'MLmodel',
      'predict.py',
      'folder',
    ]) {
      assert.notEqual(formOf(name), 'onnx');
      const backend = await backendFor({ model: name, python: 'python3' } as ServerOptions);
      assert.equal(backend.known, undefined, name);
    }
    assert.equal(formOf('m.ONNX'), 'onnx');
    await assert.rejects(backendFor({ model: '/nowhere/m.ONNX' } as ServerOptions), {
      code: 'model-missing',
    });
  });
});

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { findModels } from '../../../src/core/model/findModels';

describe('findModels', () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'slipway-find-'));
    const files = [
      'b.onnx',
      'sub/a.pkl',
      'sub/notes.txt',
      'packed/f.joblib.gz',
      'packed/g.pkl.xz',
      'packed/h.sav',
      'packed/i.csv.gz',
      'sub/flow/MLmodel',
      'sub/flow/model.pkl',
      '.git/objects/c.onnx',
      'build/deep/d.onnx',
      'runs/e.onnx',
      'runs/kept.onnx',
    ];
    for (const file of files) {
      await mkdir(dirname(join(root, file)), { recursive: true });
      await writeFile(join(root, file), '');
    }
    await writeFile(join(root, 'packed/survey.sav'), '$FL2@(#) SPSS DATA FILE');
    await writeFile(join(root, '.gitignore'), 'build/\nruns/*\n!runs/kept.onnx\n');
    await symlink('..', join(root, 'sub/again'));
    await symlink('b.onnx', join(root, 'link.onnx'));
  });
  after(() => rm(root, { recursive: true }));

  it('finds models in all folders by name, without what is left out or is part of another', async () => {
    const found = (await findModels(root)).map((file) => relative(root, file));
    assert.deepEqual(found, [
      'sub/a.pkl',
      'b.onnx',
      'packed/f.joblib.gz',
      'packed/g.pkl.xz',
      'packed/h.sav',
      'runs/kept.onnx',
      'link.onnx',
      'sub/flow/MLmodel',
    ]);
  });
});

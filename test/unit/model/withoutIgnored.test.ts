import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withoutIgnored } from '../../../src/core/model/withoutIgnored';

describe('withoutIgnored', () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'slipway-ignore-'));
    await mkdir(join(root, 'runs/best'), { recursive: true });
    await writeFile(join(root, '.gitignore'), '/build/\n*.tmp.onnx\nruns/*.onnx\n');
    await writeFile(join(root, 'runs/best/.gitignore'), '!kept.tmp.onnx\n');
    await mkdir(join(root, 'build/deep'), { recursive: true });
    await writeFile(join(root, 'build/deep/.gitignore'), '!*.onnx\n');
    await mkdir(join(root, '.venv'));
    await writeFile(join(root, '.venv/.gitignore'), '*\n');
  });
  after(() => rm(root, { recursive: true }));

  it('heeds .gitignore files of the root and of folders below it', async () => {
    const paths = [
      'a.onnx',
      'build/b.onnx',
      'build/deep/b.onnx',
      '.venv/lib/b.onnx',
      'x/c.tmp.onnx',
      'runs/d.onnx',
      'runs/best/e.onnx',
      'runs/best/kept.tmp.onnx',
    ];
    const kept = await withoutIgnored(
      root,
      paths.map((path) => join(root, path)),
    );
    assert.deepEqual(
      kept,
      ['a.onnx', 'runs/best/e.onnx', 'runs/best/kept.tmp.onnx'].map((path) => join(root, path)),
    );
  });

  it('keeps what is outside of the root', async () => {
    assert.deepEqual(await withoutIgnored(join(root, 'runs'), [join(root, 'a.tmp.onnx')]), [
      join(root, 'a.tmp.onnx'),
    ]);
  });
});

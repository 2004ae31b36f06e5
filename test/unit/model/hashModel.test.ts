import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { hashModel, modelFiles, stampModel } from '../../../src/core/model/hashModel';
import { temporaryFolder } from '../../host/workspace';
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

  it('takes in the modules beside a pickle where its classes are in one of them', async () => {
    const own = join(folder, 'own');
    await mkdir(join(own, 'steps'), { recursive: true });
    const files = ['cleaning.py', 'words.py', 'notes.txt', 'steps/scale.py'];
    for (const file of files) await writeFile(join(own, file), '');
    const names = async (pickle: string) => {
      const model = join(own, 'model.pkl');
      await writeFile(model, pickle);
      return (await modelFiles(model)).map((file) => relative(own, file));
    };
    assert.deepEqual(await names('csklearn.dummy\nDummyClassifier\n.'), ['model.pkl']);
    assert.deepEqual(await names('celsewhere\nCleaner\n.'), ['model.pkl']);
    assert.deepEqual(await names('ccleaning\nCleaner\n.'), ['model.pkl', 'cleaning.py', 'words.py']);
    assert.deepEqual(await names('csteps.scale\nScaler\n.'), [
      'model.pkl',
      'cleaning.py',
      join('steps', 'scale.py'),
      'words.py',
    ]);
  });

  it('takes in the files that hold the weights, also those of branches', async () => {
    const model = join(folder, 'branches.onnx');
    await copyFile(hostileModel('external-in-branches'), model);
    await writeFile(join(folder, 'then.bin'), 'first');
    await assert.rejects(hashModel(model), { code: 'model-missing', message: /keeps weights in else\.bin/ });
    await writeFile(join(folder, 'else.bin'), 'second');
    assert.deepEqual(
      (await modelFiles(model)).sort(),
      ['branches.onnx', 'else.bin', 'then.bin'].map((name) => join(folder, name)),
    );
    const first = await hashModel(model);
    await writeFile(join(folder, 'else.bin'), 'third');
    assert.notEqual(await hashModel(model), first);
  });

  it('has a stamp that changes with each of these files', async () => {
    const model = join(await temporaryFolder('stamped'), 'm.onnx');
    await copyFile(hostileModel('external-in-branches'), model);
    const stamps = [await stampModel(model)];
    for (const weights of ['then.bin', 'else.bin', 'else.bin', 'then.bin']) {
      await appendFile(join(dirname(model), weights), 'weights');
      stamps.push(await stampModel(model));
    }
    await appendFile(model, ' ');
    stamps.push(await stampModel(model));
    // One of two files of weights is as good as none.
    assert.equal(stamps[1], stamps[0]);
    assert.equal(new Set(stamps).size, stamps.length - 1);
    assert.equal(await stampModel(model), stamps.at(-1));
  });

  it('refuses weights that a link leads outside', async () => {
    const inside = join(folder, 'inside');
    await mkdir(inside);
    const model = join(inside, 'branches.onnx');
    await copyFile(hostileModel('external-in-branches'), model);
    await symlink(workspaceModel('iris'), join(inside, 'then.bin'));
    await writeFile(join(inside, 'else.bin'), 'second');
    await assert.rejects(modelFiles(model), { code: 'model-unsupported', message: /then\.bin/ });
  });

  it('does not follow graphs in graphs without end', async () => {
    await assert.rejects(modelFiles(hostileModel('deep-graph')), { code: 'model-broken' });
  });

  it('refuses weights outside of the folder', async () => {
    await assert.rejects(modelFiles(hostileModel('external-outside')), { code: 'model-unsupported' });
  });
});

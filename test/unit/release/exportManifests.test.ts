import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportManifests } from '../../../src/core/release/exportManifests';
import { temporaryFolder } from '../../host/workspace';
import { FakeTarget } from './fakeTarget';

const model = { name: 'iris', path: '/models/iris.onnx', hash: 'ab' };
const deployment = { model, samples: [], note: '' };
const never = () => Promise.reject(new Error('Nothing is there that could be replaced.'));
const task = { signal: new AbortController().signal, report: () => undefined };

describe('exporting manifests', () => {
  it('writes what the target would apply, with the image that was pushed, and applies nothing', async () => {
    const target = new FakeTarget();
    target.takesFromRegistry();
    target.manifests = (_request, image) => Promise.resolve({ 'base/deployment.yaml': `image: ${image}\n` });
    const folder = await temporaryFolder('manifests');
    const files = await exportManifests(target, deployment, folder, 'yaml', task, never);
    assert.deepEqual(files, [join(folder, 'base/deployment.yaml')]);
    const text = await readFile(files?.[0] ?? '', 'utf8');
    assert.equal(text, 'image: registry.example/iris@sha256:0123456789abcdef\n');
    assert.deepEqual(target.calls, ['build', 'push']);
  });

  it('asks before it replaces what is there, but not about what is there as it would be written', async () => {
    const target = new FakeTarget();
    const manifests = { 'a.yaml': 'a: 1\n', 'b.yaml': 'b: 1\n', 'c.yaml': 'c: 1\n' };
    target.manifests = () => Promise.resolve(manifests);
    const folder = await temporaryFolder('manifests');
    const [a, b, c] = [join(folder, 'a.yaml'), join(folder, 'b.yaml'), join(folder, 'c.yaml')];
    await writeFile(a, 'mine\n');
    await writeFile(b, manifests['b.yaml']);
    const asked: string[][] = [];
    const exported = (answer: boolean) =>
      exportManifests(target, deployment, folder, 'yaml', task, (paths) => {
        asked.push(paths);
        return Promise.resolve(answer);
      });
    assert.equal(await exported(false), undefined);
    assert.equal(await readFile(a, 'utf8'), 'mine\n');
    await assert.rejects(readFile(c), { code: 'ENOENT' });
    assert.deepEqual(await exported(true), [a, b, c]);
    assert.equal(await readFile(a, 'utf8'), manifests['a.yaml']);
    assert.deepEqual(asked, [[a], [a]]);
  });

  it('that is cancelled after the push, or while it asks, writes nothing', async () => {
    const folder = await temporaryFolder('manifests');
    const path = join(folder, 'a.yaml');
    const exported = async (cancelAt: 'push' | 'question') => {
      const controller = new AbortController();
      const target = new FakeTarget();
      target.push = () => {
        if (cancelAt === 'push') controller.abort();
        return Promise.resolve('registry.example/iris@sha256:01');
      };
      target.manifests = () => Promise.resolve({ 'a.yaml': 'a: 1\n', 'b/b.yaml': 'b: 1\n' });
      const mayReplace = () => {
        controller.abort();
        return Promise.resolve(true);
      };
      const task = { signal: controller.signal, report: () => undefined };
      return exportManifests(target, deployment, folder, 'yaml', task, mayReplace);
    };
    await assert.rejects(exported('push'), { name: 'AbortError' });
    assert.deepEqual(await readdir(folder), []);
    await writeFile(path, 'mine\n');
    await assert.rejects(exported('question'), { name: 'AbortError' });
    assert.deepEqual(await readdir(folder), ['a.yaml']);
    assert.equal(await readFile(path, 'utf8'), 'mine\n');
  });

  it('says so where a target applies none', async () => {
    const exported = exportManifests(new FakeTarget(), deployment, '/nowhere', 'helm', task, never);
    await assert.rejects(exported, {
      code: 'target-missing',
      message: /^A deploy to staging applies no manifests\.$/,
    });
  });
});

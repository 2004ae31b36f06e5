import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { interpreterFindings } from '../../../src/core/model/interpreter';

const python = '/usr/bin/python3';

describe('the packages of an interpreter', () => {
  const has = execFileSync(python, ['-c', 'import importlib.metadata as m; print(m.version("scikit-learn"))'])
    .toString()
    .trim();
  const messages = async (versions: Record<string, string>, by = python) =>
    (await interpreterFindings({ versions }, by)).map(({ message }) => message);

  it('are no matter where they are those that wrote the pickle, but for the last number', async () => {
    const [major, minor] = has.split('.');
    assert.deepEqual(await messages({ sklearn: has }), []);
    assert.deepEqual(await messages({ sklearn: `${major}.${minor}.99` }), []);
    assert.deepEqual(await messages({}), []);
  });

  it('are told where they are others, or not there', async () => {
    assert.deepEqual(await messages({ sklearn: '0.99.1' }), [
      `It was written by scikit-learn 0.99.1, and ${python} has ${has}.`,
    ]);
    assert.deepEqual(await messages({ lightgbm: 'v4' }), [
      `It needs lightgbm, which ${python} does not have.`,
    ]);
  });

  it('can not be told of what is no interpreter', async () => {
    const [message] = await messages({ sklearn: '1.0' }, '/no/python');
    assert.match(message ?? '', /^\/no\/python can not be asked for its packages: .*ENOENT/);
  });
});

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { inputsIn, readInputs } from '../../../src/cli/inputs';
import { temporaryFolder } from '../../host/workspace';

describe('inputs of the command line', () => {
  it('keep integers beyond 2^53', () => {
    assert.deepEqual(inputsIn('{"id": [9007199254740993]}', 'x.json'), { id: [9007199254740993n] });
  });

  it('are waited for until they end, or until nobody wants them any more', async () => {
    const { signal } = new AbortController();
    const input = new PassThrough();
    const reading = readInputs('-', signal, input);
    input.write('{"x":');
    input.end(' [1]}');
    assert.deepEqual(await reading, { x: [1] });
    const controller = new AbortController();
    const waiting = readInputs('-', controller.signal, new PassThrough());
    controller.abort();
    await assert.rejects(waiting, { name: 'AbortError' });
  });

  it('may start with a byte order mark, in a file as on standard input', async () => {
    const { signal } = new AbortController();
    const json = '\uFEFF{"x": [1]}';
    const file = join(await temporaryFolder('cli-inputs'), 'marked.json');
    await writeFile(file, json);
    assert.deepEqual(await readInputs(file, signal), { x: [1] });
    assert.deepEqual(await readInputs('-', signal, new PassThrough().end(json)), { x: [1] });
  });

  it('may stand in {"inputs": …}, which is not mistaken for an input of that name', () => {
    assert.deepEqual(inputsIn('{"inputs": {"x": [1]}}', 'x.json'), { x: [1] });
    assert.deepEqual(inputsIn('{"inputs": [[1, 2]]}', 'x.json'), { inputs: [[1, 2]] });
    assert.deepEqual(inputsIn('{"inputs": [1], "mask": [0]}', 'x.json'), { inputs: [1], mask: [0] });
  });

  for (const text of ['', '[1, 2]', '"x"', 'null', '7', '{"x": [1}']) {
    it(`are an object, not: ${text || 'nothing'}`, () => {
      assert.throws(() => inputsIn(text, 'x.json'), {
        code: 'sample-invalid',
        message: /^x\.json is no JSON object with inputs by name: /,
      });
    });
  }
});

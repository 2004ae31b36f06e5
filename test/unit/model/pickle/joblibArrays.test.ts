import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import {
  codes,
  evil,
  evil4,
  fixture,
  frame,
  made,
  pickle,
  proto4,
  scanBytes,
  text,
  tuple1,
  verdicts,
  wrapper,
} from './pickles';

describe('arrays in the stream of joblib', () => {
  it('do not hide what only the loader of pickle would read', async () => {
    const scan = await scanBytes(pickle(proto4, wrapper(evil.length + 1), evil, '.', '.'));
    assert.equal(scan.format, 'joblib');
    assert.equal(verdicts(scan)['os.system'], 'dangerous');
  });

  it('do not hide what only the loader of pickle could not know', async () => {
    const inside = pickle(0x82, 1, ')R.');
    const scan = await scanBytes(pickle(proto4, wrapper(inside.length), inside, '.'));
    assert.ok(codes(scan, 'danger').includes('extension-registry'));
  });

  it('do not hide what follows them', async () => {
    const scan = await scanBytes(pickle(proto4, wrapper(4), '\0\0\0\0', evil, '.'));
    assert.deepEqual(scan.arrays, [{ dtype: '|u1', shape: [4] }]);
    assert.equal(verdicts(scan)['os.system'], 'dangerous');
  });

  it('are passed over with their padding', async () => {
    const scan = await scanBytes(
      pickle(
        proto4,
        wrapper(4, pickle(text('numpy_array_alignment_bytes'), 'K\x10')),
        3,
        '\xff\xff\xff',
        '\0\0\0\0',
        '.',
      ),
    );
    assert.deepEqual(codes(scan), ['known-imports']);
    assert.equal(scan.complete, true);
  });

  it('are not looked for within a frame', async () => {
    const content = pickle(proto4, frame(pickle(wrapper(200), evil, '.')), Buffer.alloc(200));
    const scan = await scanBytes(content);
    assert.equal(verdicts(scan)['os.system'], 'dangerous');
    assert.ok(codes(scan, 'danger').includes('array-in-frame'));
  });

  it('have a size that is known', async () => {
    for (const size of [
      pickle('J\xff\xff\xff\xff', tuple1),
      pickle(text('x'), tuple1),
      pickle('N', tuple1),
    ]) {
      const scan = await scanBytes(pickle(proto4, wrapper(size), '\0\0.'));
      assert.ok(codes(scan, 'danger').includes('array-data'), String(size));
      assert.equal(scan.complete, false);
    }
  });

  it('are seen through compression', async () => {
    const plain = readFileSync(fixture('logistic.joblib'));
    const scan = await scanBytes(deflateSync(Buffer.concat([plain.subarray(0, -1), pickle('0', evil, '.')])));
    assert.equal(scan.format, 'joblib');
    assert.equal(scan.compression, 'zlib');
    assert.equal(verdicts(scan)['os.system'], 'dangerous');
  });

  const keyAgain = pickle(text('shape'), 'K\x04', tuple1);
  const later = pickle('cjoblib.numpy_pickle\nNumpyArrayWrapper\n)', 0x81, 0x94);
  const hidden: Record<string, [content: Buffer, code: string]> = {
    'a key that is made': [wrapper(1000, pickle(made('shape'), 'K\x04', tuple1)), 'hidden-attribute'],
    'a key that stands there twice': [wrapper(1000, keyAgain), 'array-data'],
    'a list that is changed': [wrapper(pickle('cbuiltins\ntuple\n(]M\xe8\x03aK\0K\x04stR')), 'array-data'],
    'a set': [wrapper(pickle('cbuiltins\ntuple\n((K\x1fK\x1f', 0x91, 'tR')), 'array-data'],
    'arguments that are changed': [
      wrapper(125, pickle(text('dtype'), 'cnumpy\ndtype\n]', text('u8'), 'aK\0', text('u1'), 'sR')),
      'array-data',
    ],
    'a second state, in another dict': [
      pickle(
        later,
        wrapper(4).subarray(later.length - 1),
        '\0\0\0\0',
        'h\0ccollections\nOrderedDict\n)R',
        keyAgain,
        'sb',
      ),
      'array-data',
    ],
    'another name of the wrapper': [
      wrapper(1000, Buffer.alloc(0), 'joblib\nnumpy_pickle.NumpyArrayWrapper'),
      'array-data',
    ],
    'two names of the wrapper': [
      pickle(
        wrapper(4, Buffer.alloc(0), 'sklearn.externals.joblib.numpy_pickle\nNumpyArrayWrapper'),
        '\0\0\0\0',
        wrapper(996),
      ),
      'array-data',
    ],
    'a class that is changed': [
      pickle('csklearn.model_selection._split\nKFold\n)', 0x81, '}}', made('__class__'), 'Ns', 0x86, 'b'),
      'hidden-attribute',
    ],
    'a class that is changed by another dict': [
      pickle('csklearn.model_selection._split\nKFold\n)', 0x81, '}ccollections\nUserDict\n)R', 0x86, 'b'),
      'hidden-attribute',
    ],
  };
  for (const [how, [content, code]] of Object.entries(hidden)) {
    it(`are dangerous where their size is hidden behind ${how}`, async () => {
      const scan = await scanBytes(pickle(proto4, content, Buffer.alloc(1000), 'N.'));
      assert.ok(codes(scan, 'danger').includes(code), JSON.stringify(scan.findings));
    });
  }

  const junk = Buffer.alloc(70_000, 0xff);
  for (const [how, inside] of Object.entries({ lines: evil, texts: evil4 })) {
    it(`are dangerous with an import by ${how} in them that no loader could come to`, async () => {
      for (const start of [4, 65_530]) {
        const raw = pickle(junk.subarray(0, start), inside, junk);
        const scan = await scanBytes(pickle(proto4, wrapper(raw.length), raw, '.'));
        assert.equal(verdicts(scan)['os.system'], 'dangerous');
      }
    });
  }
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scanPickle } from '../../../../src/core/model/pickle/scanPickle';
import { codes, evil, pickle, scanBytes, verdicts } from './pickles';

const python = '/usr/bin/python3';
const modules = {
  bz2: 'bz2.compress(data)',
  xz: 'lzma.compress(data)',
  lzma: 'lzma.compress(data, lzma.FORMAT_ALONE)',
};

function pack(kind: keyof typeof modules, content: Buffer): Buffer {
  const script = `import bz2, lzma, sys; data = sys.stdin.buffer.read(); sys.stdout.buffer.write(${modules[kind]})`;
  return execFileSync(python, ['-c', script], { input: content });
}

describe('pickles that Python unpacks', () => {
  const harm = pickle(evil, '.');
  const start = pickle(0x80, 4, 'N0');
  const long = pickle(0x80, 4, 'N0'.repeat(400_000), evil, '.');
  for (const kind of ['bz2', 'xz', 'lzma'] as const) {
    const cases: Record<string, () => Buffer> = {
      'one stream': () => pack(kind, harm),
      'much of it': () => pack(kind, long),
      'two streams': () => Buffer.concat([pack(kind, start), pack(kind, harm)]),
      'something else after it': () => Buffer.concat([pack(kind, harm), Buffer.from('\0\0\0other')]),
      'a cut off end': () => pack(kind, long).subarray(0, -5),
    };
    for (const [how, content] of Object.entries(cases)) {
      // There is no data before the end of a block, and no second stream after an end that is none.
      if ((kind === 'bz2' && how === 'a cut off end') || (kind === 'lzma' && how === 'two streams')) continue;
      it(`are looked into: ${kind} with ${how}`, async () => {
        const scan = await scanBytes(content());
        assert.equal(scan.compression, kind);
        assert.equal(verdicts(scan)['os.system'], 'dangerous');
      });
    }
  }

  it('are refused where they are none', async () => {
    await assert.rejects(scanBytes(pickle(']\0', evil, '.')), { code: 'model-broken' });
  });

  it('are unpacked without any code beside them, and up to a limit', async function () {
    this.timeout(60_000);
    const folder = mkdtempSync(join(tmpdir(), 'slipway-unpack-'));
    try {
      writeFileSync(join(folder, 'lzma.py'), `open(${JSON.stringify(join(folder, 'ran'))}, 'w')\n`);
      const file = join(folder, 'model.joblib');
      const part = pack('xz', Buffer.alloc(64 * 2 ** 20));
      const head = pack('xz', pickle(0x80, 4, 0x8e, Buffer.from([0, 0, 0, 0, 1, 0, 0, 0])));
      writeFileSync(file, Buffer.concat([head, ...Array.from({ length: 9 }, () => part)]));
      const scan = await scanPickle(file, undefined, python);
      assert.deepEqual(codes(scan, 'danger'), ['limit']);
      assert.ok(!existsSync(join(folder, 'ran')));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

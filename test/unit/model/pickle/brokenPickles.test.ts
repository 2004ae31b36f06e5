import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { UserError } from '../../../../src/core/errors';
import type { PickleScan } from '../../../../src/core/model/pickle/pickleScan';
import { bytes, codes, evil, fixture, pickle, scanBytes, text, verdicts, zip } from './pickles';

async function scanOrRefuse(content: Buffer): Promise<PickleScan | undefined> {
  try {
    return await scanBytes(content);
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.code, 'model-broken');
    return undefined;
  }
}

describe('broken pickles', () => {
  for (const name of [
    'by-reference.pkl',
    'objects.npy',
    'logistic-0.pkl',
    'logistic.joblib',
    'logistic.joblib.z',
  ]) {
    it(`cut off at any byte of ${name} are not called whole`, async function () {
      this.timeout(60_000);
      const whole = await readFile(fixture(name));
      for (let length = 1; length < whole.length; length++) {
        const scan = await scanOrRefuse(whole.subarray(0, length));
        // What is cut off of a compressed one may be its checksum alone.
        if (!scan || /npy/.test(name) || length >= whole.length - 6) continue;
        assert.equal(scan.complete, false, `at ${length}`);
        assert.ok(!codes(scan).includes('known-imports'));
      }
    });
  }

  it('of random bytes are refused or said to be broken', async function () {
    this.timeout(60_000);
    let state = 1;
    const random = (): number => (state = (state * 48271) % 0x7fffffff);
    for (let round = 0; round < 400; round++) {
      const content = Buffer.from(Array.from({ length: 200 }, () => random() & 255));
      if (round % 2 === 1) content.set([0x80, round % 6], 0);
      await scanOrRefuse(content);
    }
  });

  it('with random bytes changed never fail otherwise', async function () {
    this.timeout(60_000);
    let state = 7;
    const random = (): number => (state = (state * 48271) % 0x7fffffff);
    const sources = await Promise.all(
      ['pipeline-0.pkl', 'pipeline-4.pkl', 'frame.joblib', 'forest.joblib.z', 'arrays.npz'].map((name) =>
        readFile(fixture(name)),
      ),
    );
    for (let round = 0; round < 500; round++) {
      const content = Buffer.from(sources[round % sources.length] ?? []);
      for (let change = 0; change < 3; change++) content[random() % content.length] = random() & 255;
      await scanOrRefuse(content);
    }
  });

  it('are refused when they are no pickle', async () => {
    for (const content of [
      'hello',
      '{"a": 1}',
      'PK\x03\x04',
      '\x80',
      '\x1f\x8b',
      'x',
      '<?xml?>',
      '\x08\x0a',
    ]) {
      await assert.rejects(scanBytes(pickle(content)), { code: 'model-broken' }, content);
    }
  });

  it('end with something else', async () => {
    const scan = await scanBytes(pickle(0x80, 4, 'N.', '\0\0\0'));
    assert.deepEqual(codes(scan), ['trailing-data']);
  });

  it('keep to the members of a zip file that can be read', async () => {
    const scan = await scanBytes(zip({ 'a.pkl': pickle('zz'), 'b.pkl': pickle(evil, '.') }));
    assert.equal(verdicts(scan)['os.system'], 'dangerous');
    assert.ok(codes(scan).includes('broken'));
    assert.equal(scan.complete, false);
  });
});

describe('pickles that ask for too much', () => {
  it('may set many marks', async () => {
    const scan = await scanBytes(pickle('('.repeat(100_000), evil, '.'));
    assert.equal(verdicts(scan)['os.system'], 'dangerous');
  });

  it('may nest many lists, and lists in themselves', async () => {
    const nested = await scanBytes(pickle(0x80, 2, ']'.repeat(100_000), 'a'.repeat(99_999), '.'));
    assert.deepEqual(nested.root, { module: 'builtins', name: 'list' });
    const knot = await scanBytes(pickle('csklearn.pipeline\nPipeline\n)\x81q\0}(V', 'steps\n](Va\nh\0taub.'));
    assert.equal(knot.root?.name, 'Pipeline');
  });

  it('are followed up to ten million opcodes', async function () {
    this.timeout(60_000);
    const scan = await scanBytes(gzipSync(pickle(0x80, 2, 'N0'.repeat(6_000_000), evil, '.')));
    assert.equal(scan.complete, false);
    assert.deepEqual(codes(scan, 'danger'), ['limit']);
    assert.match(scan.findings[0]?.message ?? '', /more than 10 million opcodes/);
  });

  it('are followed up to two million objects', async function () {
    this.timeout(60_000);
    const scan = await scanBytes(pickle(0x80, 2, ']'.repeat(3_000_000)));
    assert.deepEqual(codes(scan, 'danger'), ['limit']);
  });

  it('are unpacked up to 512 MB', async function () {
    this.timeout(120_000);
    const part = gzipSync(Buffer.alloc(64 * 2 ** 20));
    const start = gzipSync(pickle(0x80, 4, 0x8e, Buffer.from([0, 0, 0, 0, 1, 0, 0, 0])));
    const scan = await scanBytes(Buffer.concat([start, ...Array.from({ length: 10 }, () => part)]));
    assert.deepEqual(codes(scan, 'danger'), ['limit']);
  });

  it('are followed through 64 pickles within pickles', async () => {
    let content = pickle(0x80, 4, 'N.');
    for (let depth = 0; depth < 70; depth++)
      content = pickle(0x80, 4, bytes(content), bytes(Buffer.alloc(16)), '0.');
    const scan = await scanBytes(content);
    assert.ok(codes(scan, 'danger').includes('limit'));
  });

  it('claim lengths they do not have', async () => {
    const huge = Buffer.alloc(8, 0xff);
    for (const opcode of [0x8d, 0x8e, 0x96, 0x95]) {
      const scan = await scanBytes(pickle(0x80, 5, opcode, huge, 'N'));
      assert.equal(scan.complete, false);
    }
    for (const opcode of ['X', 'B', 'T', 0x8b]) {
      const scan = await scanBytes(pickle(0x80, 5, opcode, huge.subarray(0, 4), 'N'));
      assert.equal(scan.complete, false);
    }
  });

  it('stop when they are no longer asked for', async () => {
    const signal = AbortSignal.abort();
    await assert.rejects(scanBytes(pickle(0x80, 4, text('x'), '.'), signal), { name: 'AbortError' });
  });
});

import assert from 'node:assert/strict';
import { deflateSync, gzipSync } from 'node:zlib';
import { BodyBudget } from '../../../src/server/http/bodyBudget';
import { decoderOf } from '../../../src/server/http/decoding';

describe('packed bodies', () => {
  const text = Buffer.from('x'.repeat(200_000));

  it('are told of piece by piece while they are unpacked', async () => {
    for (const [encoding, pack] of [
      ['gzip', gzipSync],
      ['deflate', deflateSync],
    ] as const) {
      const pieces: number[] = [];
      const body = await decoderOf(encoding)?.(pack(text), (bytes) => pieces.push(bytes));
      assert.deepEqual(body, text);
      assert.ok(pieces.length > 1);
      assert.equal(
        pieces.reduce((sum, bytes) => sum + bytes, 0),
        text.length,
      );
    }
    assert.equal((await decoderOf('gzip')?.(gzipSync(''), () => undefined))?.length, 0);
  });

  it('that are short and unpack to much are refused as long ones are, when there are many', async () => {
    const budget = new BodyBudget(text.length, 3 * text.length);
    const unpack = async () => decoderOf('gzip')?.(gzipSync(text), (bytes) => budget.hold(bytes));
    const unpacked = await Promise.allSettled(Array.from({ length: 5 }, unpack));
    const refused = unpacked.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
    assert.ok(refused.length >= 2);
    for (const words of refused) assert.match(words, /Too many long requests/);
  });

  it('that are broken or end early are refused in words', async () => {
    for (const body of [Buffer.from('plain'), gzipSync(text).subarray(0, 50)]) {
      await assert.rejects(
        decoderOf('gzip')?.(body, () => undefined) ?? Promise.resolve(),
        /not packed as its Content-Encoding says/,
      );
    }
  });
});

import assert from 'node:assert/strict';
import { parseJson } from '../../../src/core/inference/jsonText';
import type { JsonValue } from '../../../src/core/inference/tensor';
import { parseInSlices } from '../../../src/server/codec/longJson';

const sizes = [1, 3, 8, 20, 1000];
const inSlices = (text: string, slice: number) => parseInSlices(Buffer.from(text), parseJson, slice);

/** A value of any kind, by a seed. */
function made(seed: number, depth = 0): JsonValue {
  const kind = seed % (depth < 5 ? 9 : 6);
  const many = <T>(make: (seed: number) => T) =>
    Array.from({ length: seed % 5 }, (_, index) => make(seed * 31 + index * 7 + 1));
  if (kind === 0) return seed * 1.25;
  if (kind === 1) return `a "b" \\ [${seed}], {é😀\n`;
  if (kind === 2) return seed % 2 === 0;
  if (kind === 3) return null;
  if (kind === 4) return -seed;
  if (kind === 5) return 9007199254740993n + BigInt(seed);
  if (kind === 6) return Object.fromEntries(many((inner) => [`k"${inner}]`, made(inner, depth + 1)]));
  return many((inner) => made(inner, depth + 1));
}

function textOf(value: JsonValue, space: string): string {
  return JSON.stringify(
    value,
    (_, inner: unknown) => (typeof inner === 'bigint' ? `#${inner}` : inner),
    space,
  ).replace(/"#(\d+)"/g, '$1');
}

describe('long JSON', () => {
  it('is what JSON is, wherever it is cut', () => {
    for (let seed = 0; seed < 400; seed++) {
      const value = made(seed);
      for (const space of ['', ' \t']) {
        const text = `\n ${textOf(value, space)} `;
        for (const slice of sizes) assert.deepEqual(inSlices(text, slice), parseJson(text), text);
      }
    }
  });

  it('keeps keys that objects have already', () => {
    const text = '{"__proto__":{"a":[1,2,3]},"b":[1,2,3,4,5,6],"__proto__":[[7],[8],[9]]}';
    for (const slice of sizes) {
      const value = inSlices(text, slice) as Record<string, unknown>;
      assert.deepEqual(Object.entries(value), Object.entries(JSON.parse(text) as object));
    }
  });

  it('is refused where JSON is', () => {
    const good = '{"inputs": [{"a": [[1, -2.5e3], ["x\\"]", true]]}, null], "b": {"c": {}}}';
    for (let at = 0; at < good.length; at++) {
      const broken = ['', ',', '[', ']', '}', '"', ':', '1 '].map(
        (piece) => good.slice(0, at) + piece + good.slice(at + 1),
      );
      for (const text of [...broken, good.slice(0, at), `${good}${good.slice(at)}`]) {
        let expected: JsonValue | undefined;
        try {
          expected = parseJson(text);
        } catch {
          // It is broken.
        }
        for (const slice of sizes) {
          if (expected === undefined) assert.throws(() => inSlices(text, slice), SyntaxError, text);
          else assert.deepEqual(inSlices(text, slice), expected, text);
        }
      }
    }
    assert.throws(() => inSlices('[[1,2],[3,4],[5,6],[7 8]]', 8), /position 22/);
  });

  it('that is nested deeper than any tensor is refused', () => {
    const deep = '['.repeat(1e6) + ']'.repeat(1e6);
    assert.throws(() => parseInSlices(Buffer.from(deep), parseJson, 1000), /nested more than/);
  });
});

import assert from 'node:assert/strict';
import { parseJson, stringifyJson } from '../../../src/core/inference/jsonText';

describe('JSON text', () => {
  for (const [text, value] of [
    ['9007199254740993', 9007199254740993n],
    ['[-9223372036854775808,18446744073709551615]', [-9223372036854775808n, 18446744073709551615n]],
    ['9007199254740991', 9007199254740991],
    [
      '{"a":[1234567890123456789,0.1234567890123456789,1e300]}',
      { a: [1234567890123456789n, 0.12345678901234568, 1e300] },
    ],
    ['"1234567890123456789"', '1234567890123456789'],
    ['["a\\"1234567890123456789", 1]', ['a"1234567890123456789', 1]],
    ['["\\\\", 1234567890123456789]', ['\\', 1234567890123456789n]],
    ['{"1234567890123456789": 1}', { '1234567890123456789': 1 }],
    ['[NaN, Infinity, -Infinity, "NaN"]', [NaN, Infinity, -Infinity, 'NaN']],
    ['{"__proto__": 1234567890123456789}', JSON.parse('{"__proto__": 0}')],
  ] as const) {
    it(`reads ${text}`, () => {
      const parsed = parseJson(text);
      if (text.includes('__proto__'))
        assert.equal(Object.getOwnPropertyDescriptor(parsed, '__proto__')?.value, 1234567890123456789n);
      else assert.deepEqual(parsed, value);
    });
  }

  for (const text of [
    '',
    '[1,]',
    '{"a":NaNs}',
    '[01234567890123456789]',
    '[1234567890123456789',
    '-',
    '[--1234567890123456789]',
    'NaN1',
  ]) {
    it(`refuses ${text || 'nothing'}`, () => {
      assert.throws(() => parseJson(text), SyntaxError);
    });
  }

  it('reads a million nested brackets around a long integer', () => {
    assert.ok(Array.isArray(parseJson(`${'['.repeat(1e6)}1234567890123456789${']'.repeat(1e6)}`)));
  });

  it('writes what it reads', () => {
    const value = { a: [1, -2.5, null, true, 'x"\n', 1234567890123456789n], b: {}, c: [[], [1e-7]] };
    assert.equal(
      stringifyJson(value),
      '{"a":[1,-2.5,null,true,"x\\"\\n",1234567890123456789],"b":{},"c":[[],[1e-7]]}',
    );
    assert.deepEqual(parseJson(stringifyJson(value)), value);
  });

  it('writes what JSON has no word for as strings', () => {
    assert.equal(stringifyJson([NaN, Infinity, -Infinity]), '["NaN","Infinity","-Infinity"]');
  });

  it('refuses a number that is too big to be one, and says where', () => {
    assert.throws(() => parseJson('{"a": [1, -2.5e400]}'), {
      name: 'SyntaxError',
      message: '-2.5e400 at position 10 is too big for a number',
    });
    assert.deepEqual(parseJson('[1e308, "1e999", 1e-400]'), [1e308, '1e999', 0]);
  });
});

import type { FixedArray } from './datatypes';
import { halfToNumber, numberToBfloat, numberToHalf } from './half';
import type { Datatype, JsonValue } from './tensor';

/** A value that does not fit its tensor; `path` leads to it inside the data. */
export class TensorError extends Error {
  constructor(
    message: string,
    readonly path: (string | number)[],
  ) {
    super(message);
    this.name = 'TensorError';
  }
}

/** Copies values to `target` from `offset` on; the index of the first one that does not fit, or -1. */
type Filler<T> = (target: T, offset: number, values: JsonValue[]) => number;

/** What copies JSON values into an array of this datatype. */
export function fillerOf(datatype: Datatype): Filler<never> {
  return fillers[datatype];
}

const integers = (
  minimum: number,
  maximum: number,
): Filler<Exclude<FixedArray, BigInt64Array | BigUint64Array>> =>
  function fillIntegers(target, offset, values) {
    for (let index = 0; index < values.length; index++) {
      const value = values[index] as JsonValue;
      if (typeof value !== 'number' || value < minimum || value > maximum || value !== Math.floor(value))
        return index;
      target[offset + index] = value;
    }
    return -1;
  };

const bigIntegers = (minimum: bigint, maximum: bigint): Filler<BigInt64Array | BigUint64Array> =>
  function fillBigIntegers(target, offset, values) {
    for (let index = 0; index < values.length; index++) {
      const value = values[index] as JsonValue;
      if (typeof value !== 'bigint' && !Number.isInteger(value)) return index;
      const integer = BigInt(value as number | bigint);
      if (integer < minimum || integer > maximum) return index;
      target[offset + index] = integer;
    }
    return -1;
  };

/** `maximum` is the greatest finite value of the datatype. */
const floats = (maximum: number): Filler<Float32Array | Float64Array> =>
  function fillFloats(target, offset, values) {
    for (let index = 0; index < values.length; index++) {
      const value = values[index] as JsonValue;
      if (typeof value === 'number' && Math.abs(value) <= maximum) {
        target[offset + index] = value;
      } else {
        const number = rareFloat(value);
        if (number === undefined) return index;
        target[offset + index] = number;
      }
    }
    return -1;
  };

const halves = (encode: (value: number) => number, fits: (value: number) => boolean): Filler<Uint16Array> =>
  function fillHalves(target, offset, values) {
    for (let index = 0; index < values.length; index++) {
      const value = values[index] as JsonValue;
      const finite = typeof value === 'number' && fits(value);
      const number = finite ? value : rareFloat(value);
      if (number === undefined) return index;
      target[offset + index] = encode(number);
    }
    return -1;
  };

/** NaN and the infinities, as numbers or as words, null for a missing value, and integers that were parsed without loss. */
function rareFloat(value: JsonValue): number | undefined {
  if (value === null) return NaN;
  if (typeof value === 'bigint') return Number(value);
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  return typeof value === 'number' && !Number.isFinite(value) ? value : undefined;
}

function fillBooleans(target: Uint8Array, offset: number, values: JsonValue[]): number {
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value !== true && value !== false && value !== 0 && value !== 1) return index;
    target[offset + index] = value ? 1 : 0;
  }
  return -1;
}

function fillStrings(target: (string | null)[], offset: number, values: JsonValue[]): number {
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (typeof value !== 'string' && value !== null) return index;
    target[offset + index] = value;
  }
  return -1;
}

/** What rounds to infinity: half a step beyond the greatest bfloat16. */
const bfloatLimit = 2 ** 128 - 2 ** 119;

const fillers: Record<Datatype, Filler<never>> = {
  BOOL: fillBooleans,
  UINT8: integers(0, 0xff),
  UINT16: integers(0, 0xffff),
  UINT32: integers(0, 0xffffffff),
  UINT64: bigIntegers(0n, 2n ** 64n - 1n),
  INT8: integers(-0x80, 0x7f),
  INT16: integers(-0x8000, 0x7fff),
  INT32: integers(-0x80000000, 0x7fffffff),
  INT64: bigIntegers(-(2n ** 63n), 2n ** 63n - 1n),
  FP16: halves(numberToHalf, (value) => Number.isFinite(halfToNumber(numberToHalf(value)))),
  FP32: floats(3.4028235677973362e38),
  FP64: floats(Number.MAX_VALUE),
  BF16: halves(numberToBfloat, (value) => Math.abs(value) < bfloatLimit),
  BYTES: fillStrings,
};

/** A value in a few characters, for a message. */
export function describeValue(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  if (value !== null && typeof value === 'object') return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 40 ? `${text.slice(0, 37)}…` : text;
}

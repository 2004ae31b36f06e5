const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The value of a 16-bit IEEE 754 float. */
export function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The 16-bit IEEE 754 float nearest to `value`, ties to even. */
export function numberToHalf(value: number): number {
  float[0] = value;
  const word = bits[0] as number;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Subnormal halves are multiples of 2^-24: adding 0.5 lets the float unit round at that very bit.
  if (magnitude < 0x38800000) {
    float[0] = Math.abs(value) + 0.5;
    return sign | ((bits[0] as number) - 0x3f000000);
  }
  const odd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
}

/** The value of a bfloat16: the upper half of a 32-bit float. */
export function bfloatToNumber(bfloat: number): number {
  bits[0] = bfloat << 16;
  return float[0] as number;
}

/** The bfloat16 nearest to `value`, ties to even. */
export function numberToBfloat(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  float[0] = value;
  const word = bits[0] as number;
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}

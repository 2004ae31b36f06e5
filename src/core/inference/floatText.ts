const powers = Float64Array.from({ length: 33 }, (_, exponent) => Number(`1e${exponent}`));
/** The greatest power of ten that a double holds exactly. */
const exactPower = 22;
/** Room for the longest text and a comma: a sign, "0.00000" and nine digits, or what {@link rareText} makes. */
const longest = 24;
const chunk = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * The floats from `start` to `end` as JSON numbers, parted by commas: each in the fewest digits that become that very float again
 * when they are read, about half of those of its double. NaN and the infinities are quoted words.
 */
export function floatsText(values: Float32Array, start = 0, end = values.length): string {
  let text = '';
  let length = 0;
  for (let index = start; index < end; index++) {
    if (length > chunk.length - longest) {
      text += chunk.toString('latin1', 0, length);
      length = 0;
    }
    if (index > start) chunk[length++] = comma;
    length = writeFloat(values[index] as number, length);
  }
  const rest = chunk.toString('latin1', 0, length);
  return text === '' ? rest : text + rest;
}

/** Writes a float into the chunk from `at` on; where it ends. */
function writeFloat(value: number, at: number): number {
  const size = Math.abs(value);
  if (size < 1e9 && size === Math.trunc(size) && !Object.is(value, -0)) {
    if (value < 0) chunk[at++] = minus;
    const digits = size | 0;
    return writeDigits(digits, at + countDigits(digits));
  }
  if (size === 0 || !(size < 1e9)) return at + chunk.write(rareText(value), at, 'latin1');
  if (value < 0) chunk[at++] = minus;

  let scale = 8 - Math.floor(Math.log10(size));
  let scaled = scale > exactPower ? size * 1e22 * power(scale - exactPower) : size * power(scale);
  if (scaled >= 999_999_999.5) {
    scaled *= 0.1;
    scale--;
  }
  // Nine digits always suffice for a float. Where some number of them does not, no smaller one does.
  let digits = (scaled + 0.5) | 0;
  for (;;) {
    scaled *= 0.1;
    const fewer = (scaled + 0.5) | 0;
    if (scale === 0 || !isReadAs(size, fewer, scale - 1)) break;
    digits = fewer;
    scale--;
  }
  return writeDecimal(digits, scale, at);
}

function power(exponent: number): number {
  return powers[exponent] as number;
}

/** Whether a reader of `digits` / 10^`scale` gets this float. */
function isReadAs(float: number, digits: number, scale: number): boolean {
  // The quotient of two numbers that doubles hold exactly is the double that the reader has.
  if (scale <= exactPower) return Math.fround(digits / power(scale)) === float;
  const near = digits / 1e22 / power(scale - exactPower);
  return Math.fround(near * (1 - 1e-15)) === float && Math.fround(near * (1 + 1e-15)) === float;
}

/** Writes `digits` / 10^`scale` as JavaScript writes numbers; where it ends. */
function writeDecimal(digits: number, scale: number, at: number): number {
  const count = countDigits(digits);
  const whole = count - scale;
  if (whole > 0) return writeFraction(digits, scale, at + count);
  if (whole > -6) {
    chunk[at++] = zero;
    chunk[at++] = point;
    for (let left = -whole; left > 0; left--) chunk[at++] = zero;
    return writeDigits(digits, at + count);
  }
  const end = count === 1 ? writeDigits(digits, at + 1) : writeFraction(digits, count - 1, at + count);
  chunk[end] = letterE;
  chunk[end + 1] = minus;
  const exponent = 1 - whole;
  return writeDigits(exponent, end + 2 + countDigits(exponent));
}

/** Writes an integer so that it ends before `end`, which it returns. */
function writeDigits(digits: number, end: number): number {
  let at = end;
  do {
    const rest = (digits / 10) | 0;
    chunk[--at] = zero + digits - rest * 10;
    digits = rest;
  } while (digits > 0);
  return end;
}

/** The same with a point before the last `scale` digits; ends one later. */
function writeFraction(digits: number, scale: number, end: number): number {
  let at = end + 1;
  for (let left = scale; left > 0; left--) {
    const rest = (digits / 10) | 0;
    chunk[--at] = zero + digits - rest * 10;
    digits = rest;
  }
  chunk[--at] = point;
  writeDigits(digits, at);
  return end + 1;
}

const [comma, minus, point, zero, letterE] = [44, 45, 46, 48, 101];

function countDigits(value: number): number {
  let count = 1;
  for (let limit = 10; value >= limit; limit *= 10) count++;
  return count;
}

function rareText(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  if (value === 0) return '-0.0';
  for (let precision = 1; ; precision++) {
    const short = Number(value.toPrecision(precision));
    if (Math.fround(short) === value) return String(short);
  }
}

const [comma, minus, point, zero, letterE] = [44, 45, 46, 48, 101];
const powers = Float64Array.from({ length: 33 }, (_, exponent) => Number(`1e${exponent}`));
/** The greatest power of ten that a double holds exactly. */
const exactPower = 22;
/** Room for the longest text and a comma: a sign, "0.00000" and nine digits, or what {@link rareText} makes. */
const longest = 24;
const chunk = Buffer.allocUnsafeSlow(64 * 1024);
const view = new DataView(chunk.buffer);

const leastNormal = 2 ** -126;
/** Of a float's nine digits, how many come after the point in the least that has this exponent in its bits. */
const scales = new Int8Array(255);
/** From where on floats with this exponent have one less. */
const bounds = new Float64Array(255).fill(Infinity);
/** Half of the way from such a float to the next one. */
const halves = new Float64Array(255).fill(2 ** -150);
for (let exponent = 1; exponent < 255; exponent++) {
  const least = 2 ** (exponent - 127);
  const decimal = Number(least.toExponential().split('e')[1]);
  scales[exponent] = 8 - decimal;
  bounds[exponent] = Number(`1e${decimal + 1}`);
  halves[exponent] = least / 2 ** 24;
}
/** How far nine digits may be from what they stand for, and their double from the decimal number: the last bits of doubles. */
const doubt = 2e-6;

/** The three digits of each number below 1000 as characters, the first in the lowest byte. */
const triples = Uint32Array.from({ length: 1000 }, (_, number) =>
  Buffer.from(String(number).padStart(3, '0') + '\0').readUint32LE(),
);
/** What makes nine digits of so many. */
const widening = Int32Array.from({ length: 10 }, (_, count) => 10 ** (9 - count));

/**
 * The floats from `start` to `end` as JSON numbers, parted by commas: each in the fewest digits that become that very float again
 * when they are read, about half of those of its double. NaN and the infinities are quoted words.
 */
export function floatsText(values: Float32Array, start = 0, end = values.length): string {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let text = '';
  let length = 0;
  for (let index = start; index < end; index++) {
    if (length > chunk.length - longest) {
      text += chunk.toString('latin1', 0, length);
      length = 0;
    }
    if (index > start) chunk[length++] = comma;
    length = writeFloat(values[index] as number, bits[index] as number, length);
  }
  const rest = chunk.toString('latin1', 0, length);
  return text === '' ? rest : text + rest;
}

/** Writes a float into the chunk from `at` on; where it ends. */
function writeFloat(value: number, bits: number, at: number): number {
  const size = Math.abs(value);
  if (size < 1e9 && size === Math.trunc(size) && !Object.is(value, -0)) {
    if (value < 0) chunk[at++] = minus;
    return writeDigits(size, countDigits(size), at);
  }
  if (size === 0 || !(size < 1e9)) return at + chunk.write(rareText(value), at, 'latin1');
  if (value < 0) chunk[at++] = minus;

  const exponent = (bits >>> 23) & 0xff;
  let scale = scales[exponent] as number;
  if (size < leastNormal) scale = 8 - Math.floor(Math.log10(size));
  else if (size >= (bounds[exponent] as number)) scale--;
  const scaled = scaledBy(size, scale);
  // The way to the float below a power of two is shorter: there, nothing is certain.
  const half = (bits & 0x7fffff) === 0 ? 0 : scaledBy(halves[exponent] as number, scale);
  const uncertain = half === 0 ? Infinity : doubt;

  // Nine digits always suffice for a float. Where some number of them does not, no smaller one does.
  let digits = (scaled + 0.5) | 0;
  for (let unit = 10; ; unit *= 10) {
    const fewer = (scaled / unit + 0.5) | 0;
    const distance = Math.abs(fewer * unit - scaled);
    if (distance > half + uncertain) break;
    if (distance > half - uncertain && !isReadAs(size, fewer, scale - 1)) break;
    digits = fewer;
    scale--;
  }
  return writeDecimal(digits, scale, at);
}

function scaledBy(size: number, scale: number): number {
  return scale > exactPower ? size * 1e22 * power(scale - exactPower) : size * power(scale);
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
  if (whole > 0) return writePointed(digits, count, whole, at);
  if (whole > -6) {
    chunk[at++] = zero;
    chunk[at++] = point;
    for (let left = -whole; left > 0; left--) chunk[at++] = zero;
    return writeDigits(digits, count, at);
  }
  const end = count === 1 ? writeDigits(digits, 1, at) : writePointed(digits, count, 1, at);
  chunk[end] = letterE;
  chunk[end + 1] = minus;
  const exponent = 1 - whole;
  return writeDigits(exponent, countDigits(exponent), end + 2);
}

/** Writes an integer of `count` digits with a point after `whole` of them; where it ends. */
function writePointed(digits: number, count: number, whole: number, at: number): number {
  const end = writeDigits(digits, count, at + 1);
  for (const place = at + whole; at < place; at++) chunk[at] = chunk[at + 1] as number;
  chunk[at] = point;
  return end;
}

/** Writes an integer of `count` digits, nine at most, with what is no digit behind it; where it ends. */
function writeDigits(digits: number, count: number, at: number): number {
  const nine = Math.imul(digits, widening[count] as number);
  const high = (nine / 1_000_000) | 0;
  const rest = nine - high * 1_000_000;
  const middle = (rest / 1000) | 0;
  view.setUint32(at, triples[high] as number, true);
  view.setUint32(at + 3, triples[middle] as number, true);
  view.setUint32(at + 6, triples[rest - middle * 1000] as number, true);
  return at + count;
}

function countDigits(value: number): number {
  let count = 9;
  while (count > 1 && value < (widening[10 - count] as number)) count--;
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

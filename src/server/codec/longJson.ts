import type { JsonValue } from '../../core/inference/tensor';
import { Failure } from '../failure';

/** What is parsed in one go, in bytes: a few milliseconds, whatever it holds. */
const sliceBytes = 2 ** 20;
/** Containers around a slice at most: no tensor has more axes. */
const maxDepth = 72;

const [quote, comma, colon, backslash] = [0x22, 0x2c, 0x3a, 0x5c];
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Parses long JSON slice by slice. `JSON.parse` can not be stopped, and takes minutes for many small values in little memory; a thread
 * that parses slices can be ended between two of them.
 * @param parse reads the text of a slice
 * @throws SyntaxError when the text is no JSON, or what `parse` throws
 */
export function parseInSlices(
  bytes: Buffer,
  parse: (text: string) => JsonValue,
  slice = sliceBytes,
): JsonValue {
  return new SliceReader(bytes, parse, slice).read();
}

class SliceReader {
  #at = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly parse: (text: string) => JsonValue,
    private readonly slice: number,
  ) {}

  read(): JsonValue {
    this.#skipSpace();
    if (!this.#atContainer) return this.#parsed('', this.bytes.length, '');
    const value = this.#container(1);
    this.#skipSpace();
    if (this.#at < this.bytes.length) throw this.#unexpected();
    return value;
  }

  get #atContainer(): boolean {
    const byte = this.bytes[this.#at];
    return byte === openArray || byte === openObject;
  }

  /** The array or object that begins here. */
  #container(depth: number): JsonValue {
    if (depth > maxDepth) throw new Failure(400, `The values are nested more than ${maxDepth} deep.`);
    const close = this.bytes[this.#at++] === openArray ? closeArray : closeObject;
    const keys: string[] = [];
    const values: JsonValue[] = [];
    for (;;) {
      const before = values.length;
      const end = this.#endOfSlice();
      if (end === undefined) {
        if (close === closeObject) keys.push(this.#key());
        this.#skipSpace();
        if (!this.#atContainer) throw this.#unexpected();
        values.push(this.#container(depth + 1));
      } else if (close === closeArray) {
        for (const value of this.#parsed('[', end, ']') as JsonValue[]) values.push(value);
      } else {
        for (const [key, value] of Object.entries(this.#parsed('{', end, '}') as object)) {
          keys.push(key);
          values.push(value as JsonValue);
        }
      }
      this.#skipSpace();
      const next = this.bytes[this.#at];
      const empty = before === 0 && next === close;
      if ((values.length === before && !empty) || (next !== close && next !== comma))
        throw this.#unexpected();
      this.#at++;
      if (next === comma) continue;
      if (close === closeArray) return values;
      return Object.fromEntries(keys.map((key, index) => [key, values[index] as JsonValue]));
    }
  }

  /** Where the elements end that begin here and fit into a slice; undefined when already the first is a container that does not. */
  #endOfSlice(): number | undefined {
    const { bytes } = this;
    const full = this.#at + this.slice;
    let depth = 0;
    let last: number | undefined;
    for (let at = this.#at; at < bytes.length; at++) {
      if (at > full && (last !== undefined || depth > 0)) return last;
      const byte = bytes[at];
      if (byte === quote) {
        at = endOfString(bytes, at);
      } else if (byte === openArray || byte === openObject) {
        depth++;
      } else if (byte === closeArray || byte === closeObject) {
        if (--depth < 0) return at;
      } else if (byte === comma && depth === 0) {
        last = at;
      }
    }
    return bytes.length;
  }

  /** The key of an entry whose value is long, up to that. */
  #key(): string {
    this.#skipSpace();
    if (this.bytes[this.#at] !== quote) throw this.#unexpected();
    const key = this.#parsed('', endOfString(this.bytes, this.#at) + 1, '') as string;
    this.#skipSpace();
    if (this.bytes[this.#at] !== colon) throw this.#unexpected();
    this.#at++;
    return key;
  }

  /** What stands from here to `end`, between brackets that make it JSON. */
  #parsed(open: string, end: number, close: string): JsonValue {
    const start = this.#at - open.length;
    const text = open + this.bytes.toString('utf8', this.#at, end) + close;
    this.#at = end;
    try {
      return this.parse(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const message = error.message.replace(/position (\d+)/, (_, at) => `position ${start + Number(at)}`);
      throw new SyntaxError(message, { cause: error });
    }
  }

  #skipSpace(): void {
    while (/[ \t\r\n]/.test(String.fromCharCode(this.bytes[this.#at] ?? 0))) this.#at++;
  }

  #unexpected(): SyntaxError {
    if (this.#at >= this.bytes.length) return new SyntaxError('Unexpected end of JSON input');
    const character = String.fromCharCode(this.bytes[this.#at] as number);
    return new SyntaxError(`Unexpected token ${character} in JSON at position ${this.#at}`);
  }
}

/** Where the quote stands that ends the string which begins at `start`. */
function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at;
}

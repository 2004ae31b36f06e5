import { randomUUID } from 'node:crypto';
import type { JsonValue } from './tensor';

/** Marks a number that `JSON.parse` would lose; nobody outside can know it, so no text can forge it. */
const mark = `${randomUUID()}:`;
const longDigits = /\d{16}/;
const nonFinite = /NaN|Infinity/;
/** Only with three digits of an exponent, or very many digits before it, can a number be too big. */
const longExponent = /\d[eE]\+?\d{3}/;

/** Whether a number of this text may be too big to be one: `JSON.parse` would make infinity of it. */
export function mayBeTooBig(text: string): boolean {
  return longExponent.test(text);
}

/**
 * Parses JSON without losing integers: those beyond 2^53 become `bigint`. Also takes the bare words NaN, Infinity and
 * -Infinity, which Python's `json` writes. Plain JSON goes through `JSON.parse` at its full speed.
 * @throws SyntaxError when the text is no JSON
 */
export function parseJson(text: string): JsonValue {
  if (!longDigits.test(text) && !mayBeTooBig(text)) {
    try {
      return JSON.parse(text) as JsonValue;
    } catch (error) {
      if (!nonFinite.test(text)) throw error;
    }
  }
  const marked = markNumbers(text);
  const value = JSON.parse(marked) as JsonValue;
  return marked === text ? value : unmark(value);
}

/**
 * JSON text of a value; `bigint` becomes plain digits. JSON has no word for NaN and the infinities: they become the strings
 * `"NaN"`, `"Infinity"` and `"-Infinity"`, as in protobuf's JSON, and tensors read them back.
 */
export function stringifyJson(value: JsonValue): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : `"${value}"`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(stringifyJson).join(',')}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${stringifyJson(member)}`).join(',')}}`;
}

/** The text with each unsafe integer and each non-finite word outside of strings replaced by a marked string. */
function markNumbers(text: string): string {
  const token = /"|-?(?:\d[\d.eE+-]*|Infinity)|NaN/g;
  let result = '';
  let copied = 0;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    if (match[0] === '"') {
      token.lastIndex = endOfString(text, token.lastIndex);
    } else if (isTooBig(match[0])) {
      throw new SyntaxError(`${match[0].slice(0, 40)} at position ${match.index} is too big for a number`);
    } else if (isLost(match[0])) {
      result += `${text.slice(copied, match.index)}"${mark}${match[0]}"`;
      copied = token.lastIndex;
    }
  }
  return copied === 0 ? text : result + text.slice(copied);
}

/** The offset after the quote that ends the string whose first character stands at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start);
  while (end >= 0) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end + 1;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

/** JSON has no word for infinity, so that a number which becomes one was not meant so. */
function isTooBig(token: string): boolean {
  return /[.eE]/.test(token) && !token.endsWith('y') && Math.abs(Number(token)) === Infinity;
}

function isLost(token: string): boolean {
  if (token.endsWith('y') || token === 'NaN') return true;
  return token.length >= 16 && /^-?(?:0|[1-9]\d*)$/.test(token) && !Number.isSafeInteger(Number(token));
}

/** Replaces marked strings by their values, with a stack of its own: the nesting comes from outside. */
function unmark(root: JsonValue): JsonValue {
  const holder = { root };
  const pending: (JsonValue[] | { [key: string]: JsonValue })[] = [holder];
  for (let container = pending.pop(); container; container = pending.pop()) {
    const entries = container as { [key: string]: JsonValue };
    for (const key of Object.keys(container)) {
      const value = entries[key] as JsonValue;
      if (typeof value === 'string' && value.startsWith(mark)) {
        const token = value.slice(mark.length);
        const number = /[yN]/.test(token) ? Number(token) : BigInt(token);
        Object.defineProperty(container, key, {
          value: number,
          enumerable: true,
          writable: true,
          configurable: true,
        });
      } else if (value !== null && typeof value === 'object') {
        pending.push(value);
      }
    }
  }
  return holder.root;
}

import { Unknown, type Value } from './values';

/** An int as Python reads it from text, with signs, spaces and underscores. */
export function parseInteger(text: string): number | bigint | undefined {
  const plain = text.trim().replace(/L$/, '');
  if (!/^[+-]?(\d+(_\d+)*|0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+)$/.test(plain) || plain.length > 4000)
    return undefined;
  const digits = plain.replace(/_/g, '');
  const negative = digits.startsWith('-');
  const value = BigInt(digits.replace(/^[+-]/, ''));
  return small(negative ? -value : value);
}

/** A signed int, least byte first. */
export function littleEndian(bytes: Buffer): Value {
  if (bytes.length === 0) return 0;
  if (bytes.length <= 6) return bytes.readIntLE(0, bytes.length);
  if (bytes.length > 1024) return new Unknown();
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at--) value = (value << 8n) | BigInt(bytes[at] ?? 0);
  return small(BigInt.asIntN(bytes.length * 8, value));
}

export function small(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const simpleEscapes: Record<string, string> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
};

/** The text of a quoted string of protocol 0; undefined when it has no quotes. */
export function unquote(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1');
  const quote = text[0];
  if (text.length < 2 || (quote !== "'" && quote !== '"') || !text.endsWith(quote)) return undefined;
  return text
    .slice(1, -1)
    .replace(
      /\\(?:x([\da-fA-F]{2})|([0-7]{1,3})|([\s\S]))/g,
      (whole, hex?: string, octal?: string, letter?: string) => {
        if (hex) return String.fromCharCode(parseInt(hex, 16));
        if (octal) return String.fromCharCode(parseInt(octal, 8) & 255);
        return simpleEscapes[letter ?? ''] ?? whole;
      },
    );
}

/** Text as Python's `raw-unicode-escape` has it: Latin-1 with `\uXXXX`. */
export function rawUnicode(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  if (!text.includes('\\')) return text;
  return text.replace(
    /(\\*)\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8}))/g,
    (whole, before: string, four?: string, eight?: string) => {
      const code = parseInt(four ?? eight ?? '', 16);
      if (before.length % 2 === 1 || code > 0x10ffff) return whole;
      return before + String.fromCodePoint(code);
    },
  );
}

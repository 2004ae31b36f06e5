import { LimitReached } from './scanErrors';

const million = 1_000_000;
const megabyte = 2 ** 20;

/** Limits to one file. Real models have a fraction of it, but few bytes can ask for endless work. */
export const most = {
  bytes: 512 * megabyte,
  opcodes: 10 * million,
  objects: 2 * million,
  memo: 8 * million,
  text: 128 * megabyte,
  depth: 64,
  /** One constant that is held as a whole. */
  constant: 32 * megabyte,
  /** Bytes kept of one constant, and of all of them. */
  kept: 64 * 1024,
  allKept: 32 * megabyte,
  /** Bytes of large arrays that are looked into. */
  raw: 64 * megabyte,
  imports: 10_000,
  findings: 1000,
  arrays: 1000,
  members: 10_000,
};

/** Counts what one scan costs. */
export class Limits {
  #bytes = 0;
  #opcodes = 0;
  #objects = 0;
  #text = 0;
  #memo = 0;
  #kept = 0;
  #raw = 0;

  constructor(readonly signal?: AbortSignal) {}

  countBytes(count: number): void {
    this.#bytes += count;
    if (this.#bytes > most.bytes)
      throw new LimitReached(`it has more than ${most.bytes / megabyte} MB to read`);
  }

  /** Answers whether it is time to let others run. */
  countOpcode(): boolean {
    if (++this.#opcodes > most.opcodes)
      throw new LimitReached(`it has more than ${most.opcodes / million} million opcodes`);
    return this.#opcodes % 16_384 === 0;
  }

  countObject(): void {
    if (++this.#objects > most.objects)
      throw new LimitReached(`it has more than ${most.objects / million} million objects`);
  }

  countMemo(): void {
    if (++this.#memo > most.memo)
      throw new LimitReached(`it has more than ${most.memo / million} million memo entries`);
  }

  countText(length: number): void {
    this.#text += length;
    if (this.#text > most.text) throw new LimitReached(`it has more than ${most.text / megabyte} MB of text`);
  }

  /** Whether so many more bytes of arrays are to be looked into. */
  mayLookInto(count: number): boolean {
    this.#raw += count;
    return this.#raw <= most.raw;
  }

  /** A copy of `bytes` to keep, if there is room for it. */
  keep(bytes: Uint8Array): Buffer | undefined {
    if (bytes.length > most.kept || this.#kept + bytes.length > most.allKept) return undefined;
    this.#kept += bytes.length;
    return Buffer.from(bytes);
  }
}

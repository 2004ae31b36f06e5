import type { Limits } from './limits';
import { BrokenPickle } from './scanErrors';

/** Bytes that come one after the other. */
export interface ByteSource {
  /** The next bytes; undefined at the end. */
  next(): Promise<Uint8Array | undefined>;
  /** Passes over bytes without reading them, and answers how many; absent when it can not. */
  skip?(count: number): number;
  close?(): Promise<void>;
}

/** Takes bytes from a source, holding only what was asked for. */
export class ByteInput {
  #held: Buffer = Buffer.alloc(0);
  #at = 0;
  #start = 0;

  constructor(
    private readonly source: ByteSource,
    private readonly limits: Limits,
  ) {}

  /** Bytes from the start of the stream. */
  get offset(): number {
    return this.#start + this.#at;
  }

  has(count: number): boolean {
    return this.#held.length - this.#at >= count;
  }

  /** Reads on until `count` bytes are held; false when the stream ends before. */
  async want(count: number): Promise<boolean> {
    if (this.has(count)) return true;
    const rest = this.#held.subarray(this.#at);
    const parts: Uint8Array[] = [rest];
    let length = rest.length;
    while (length < count) {
      this.limits.signal?.throwIfAborted();
      const part = await this.source.next();
      if (!part) break;
      this.limits.countBytes(part.length);
      parts.push(part);
      length += part.length;
    }
    this.#start += this.#at;
    this.#at = 0;
    this.#held = Buffer.concat(parts, length);
    return length >= count;
  }

  /** The byte `ahead` of the next one, which must be held. */
  at(ahead: number): number {
    return this.#held[this.#at + ahead] ?? 0;
  }

  /** Takes bytes that are held. They are valid until the next are wanted. */
  take(count: number): Buffer {
    const taken = this.#held.subarray(this.#at, this.#at + count);
    this.#at += count;
    return taken;
  }

  /** The bytes that are held, from the next one on. */
  peek(): Buffer {
    return this.#held.subarray(this.#at);
  }

  /** Wants and takes. */
  async read(count: number, what: string): Promise<Buffer> {
    if (!this.has(count) && !(await this.want(count))) throw this.truncated(what);
    return this.take(count);
  }

  /** Takes up to the next newline, and answers without it. */
  async readLine(mostBytes: number): Promise<Buffer> {
    let searched = 0;
    for (;;) {
      const end = this.peek().indexOf(10, searched);
      if (end >= 0) return this.take(end + 1).subarray(0, end);
      searched = this.peek().length;
      if (searched > mostBytes) throw new BrokenPickle('a line has no end', this.offset);
      if (!(await this.want(Math.max(searched * 2, 256))) && this.peek().length === searched)
        throw this.truncated('a line');
    }
  }

  async skip(count: number, what: string): Promise<void> {
    let left = count;
    for (;;) {
      const held = Math.min(left, this.#held.length - this.#at);
      this.#at += held;
      left -= held;
      if (left === 0) return;
      if (this.source.skip) {
        const skipped = this.source.skip(left);
        this.#start += skipped;
        left -= skipped;
        if (left > 0) throw this.truncated(what);
        return;
      }
      if (!(await this.want(1))) throw this.truncated(what);
    }
  }

  truncated(what: string): BrokenPickle {
    return new BrokenPickle(`it ends within ${what}`, this.offset, true);
  }
}

/** Bytes that are at hand. */
export function sourceOf(bytes: Uint8Array): ByteSource {
  let at = 0;
  return {
    next: () => {
      const part = bytes.subarray(at);
      at = bytes.length;
      return Promise.resolve(part.length > 0 ? part : undefined);
    },
    skip: (count) => {
      const skipped = Math.min(count, bytes.length - at);
      at += skipped;
      return skipped;
    },
  };
}

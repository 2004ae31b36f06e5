import type { FileHandle } from 'node:fs/promises';
import { WireError } from './wireError';

/** Bytes read after a jump: what stands between two weights is short. */
const leastRead = 512;
/** Bytes read at a time where one part follows the other, as a graph's nodes do. */
const mostRead = 64 * 1024;
/** Limits to what is read of one file. The largest graphs have a fraction of it, but a file can be made of empty parts alone. */
const mostBytes = 64 * 2 ** 20;
const mostParts = 2_000_000;

/** Reads single bytes and small slices of a file of any size; what is skipped is not read. Offsets are in bytes. */
export class FileWindow {
  #start = 0;
  #bytes = Buffer.alloc(0);
  #step = leastRead;
  #parts = 0;
  /** Bytes read from the file so far. */
  bytesRead = 0;

  constructor(
    private readonly file: FileHandle,
    readonly size: number,
  ) {}

  /** Whether the bytes from `offset` on are at hand: at least `length`, or all up to the end of the file. */
  holds(offset: number, length: number): boolean {
    const end = Math.min(offset + length, this.size);
    return offset >= this.#start && end <= this.#start + this.#bytes.length;
  }

  /** Reads on from `offset`: `length` bytes, and more where that is likely to be asked for next. */
  async load(offset: number, length: number): Promise<void> {
    // A part that is skipped may reach a little beyond what is held; weights reach far.
    const goesOn = offset >= this.#start && offset <= this.#start + this.#bytes.length + this.#step;
    this.#step = goesOn ? Math.min(this.#step * 2, mostRead) : leastRead;
    const buffer = Buffer.alloc(Math.min(Math.max(length, this.#step), Math.max(this.size - offset, 0)));
    if (this.bytesRead + buffer.length > mostBytes)
      throw new WireError(`its header has more than ${mostBytes} bytes`);
    const { bytesRead } = await this.file.read(buffer, 0, buffer.length, offset);
    this.bytesRead += bytesRead;
    this.#start = offset;
    this.#bytes = buffer.subarray(0, bytesRead);
  }

  /** To be called for each part that is read or skipped. */
  countPart(): void {
    if (++this.#parts > mostParts) throw new WireError(`it has more than ${mostParts} parts`);
  }

  /** The byte at `offset`, which must be held; undefined beyond the end of the file. */
  at(offset: number): number | undefined {
    return this.#bytes[offset - this.#start];
  }

  async slice(offset: number, end: number): Promise<Buffer> {
    if (!this.holds(offset, end - offset)) await this.load(offset, end - offset);
    return this.#bytes.subarray(offset - this.#start, end - this.#start);
  }
}

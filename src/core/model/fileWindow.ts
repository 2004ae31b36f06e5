import type { FileHandle } from 'node:fs/promises';

/** Bytes read at a time: enough for hundreds of graph nodes, little enough to seek over weights for next to nothing. */
const windowSize = 8192;

/** Reads single bytes and small slices of a file of any size; what is skipped is not read. Offsets are in bytes. */
export class FileWindow {
  #start = 0;
  #bytes = Buffer.alloc(0);
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

  async load(offset: number, length: number): Promise<void> {
    const buffer = Buffer.alloc(Math.min(Math.max(length, windowSize), Math.max(this.size - offset, 0)));
    const { bytesRead } = await this.file.read(buffer, 0, buffer.length, offset);
    this.bytesRead += bytesRead;
    this.#start = offset;
    this.#bytes = buffer.subarray(0, bytesRead);
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

import { decodeFrame, decodePreamble, preambleBytes } from './frames';
import type { Frame } from './frames';

/** Puts frames together from the chunks that a stream delivers. Each body is copied once, into memory of its own. */
export class FrameReader<Header> {
  #state: 'preamble' | 'header' | 'body' = 'preamble';
  #target = Buffer.alloc(preambleBytes);
  #filled = 0;
  #header = Buffer.alloc(0);
  #bodyBytes = 0;

  /** @param maxBodyBytes a longer body is an error: no worker may make the front allocate without end */
  constructor(
    private readonly onFrame: (frame: Frame<Header>) => void,
    private readonly maxBodyBytes: number,
  ) {}

  /** Takes the next bytes. Throws when they are no frame; nothing can be read after that. */
  push(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length) {
      const copied = chunk.copy(this.#target, this.#filled, offset);
      this.#filled += copied;
      offset += copied;
      while (this.#filled === this.#target.length) {
        if (!this.#advance()) break;
      }
    }
  }

  /** Goes on to the next part of the frame; whether that part may be complete without another byte. */
  #advance(): boolean {
    switch (this.#state) {
      case 'preamble': {
        const { headerBytes, bodyBytes } = decodePreamble(this.#target);
        if (bodyBytes > this.maxBodyBytes) throw new Error('The worker sent a longer answer than it may.');
        this.#bodyBytes = bodyBytes;
        this.#expect('header', headerBytes);
        return headerBytes === 0;
      }
      case 'header':
        this.#header = this.#target;
        this.#expect('body', this.#bodyBytes);
        return this.#bodyBytes === 0;
      case 'body': {
        const frame = decodeFrame<Header>(this.#header, this.#target);
        this.#expect('preamble', preambleBytes);
        this.onFrame(frame);
        return false;
      }
    }
  }

  #expect(state: 'preamble' | 'header' | 'body', bytes: number): void {
    this.#state = state;
    // Not from the shared pool: the tensors are views of this memory and live as long as they like.
    this.#target = state === 'body' ? Buffer.allocUnsafeSlow(bytes) : Buffer.allocUnsafe(bytes);
    this.#filled = 0;
  }
}

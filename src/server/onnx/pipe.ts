import { readSync, writeSync, writevSync } from 'node:fs';
import { decodeFrame, decodePreamble, encodeFrame, preambleBytes } from '../worker/frames';
import type { Frame, FromWorker, OutgoingTensor, ToWorker } from '../worker/frames';

const input = 0;
const output = 3;

/*
 * The worker's end of the pipe. It blocks: between two runs there is nothing else to do, a blocking read wakes up sooner than
 * an event loop, and the bytes land where the tensors will lie.
 */

/** The next frame; undefined when the front has closed the pipe. */
export function readFrame(): Frame<ToWorker> | undefined {
  const preamble = Buffer.allocUnsafe(preambleBytes);
  if (!fill(preamble)) return undefined;
  const { headerBytes, bodyBytes } = decodePreamble(preamble);
  const header = Buffer.allocUnsafe(headerBytes);
  const body = Buffer.allocUnsafeSlow(bodyBytes);
  return fill(header) && fill(body) ? decodeFrame<ToWorker>(header, body) : undefined;
}

export function writeFrame(header: FromWorker, tensors: OutgoingTensor[] = []): void {
  let pending = encodeFrame(header, tensors);
  while (pending.length > 0) {
    const written = whenReady(() =>
      pending.length === 1 ? writeSync(output, pending[0] as Uint8Array) : writevSync(output, pending),
    );
    pending = after(pending, written);
  }
}

/** What was read beyond what was asked for: a short frame costs one read, not three. */
const ahead = Buffer.allocUnsafeSlow(64 * 1024);
let aheadStart = 0;
let aheadEnd = 0;

/** Reads until `target` is full; false at the end of the stream. */
function fill(target: Buffer): boolean {
  let filled = 0;
  while (filled < target.length) {
    if (aheadStart === aheadEnd) {
      const direct = target.length - filled >= ahead.length;
      const count = direct ? read(target, filled) : read(ahead, 0);
      if (count === 0) return false;
      if (direct) filled += count;
      else [aheadStart, aheadEnd] = [0, count];
    }
    const copied = ahead.copy(target, filled, aheadStart, aheadEnd);
    aheadStart += copied;
    filled += copied;
  }
  return true;
}

function read(target: Buffer, offset: number): number {
  return whenReady(() => readSync(input, target, offset, target.length - offset, null));
}

/** What is left of `buffers` after so many bytes. */
function after(buffers: Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  const index = buffers.findIndex((buffer) => {
    if (skip < buffer.byteLength) return true;
    skip -= buffer.byteLength;
    return false;
  });
  if (index < 0) return [];
  return [(buffers[index] as Uint8Array).subarray(skip), ...buffers.slice(index + 1)];
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Tries again while a pipe that somebody made non-blocking is not ready. */
function whenReady(attempt: () => number): number {
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(sleeper, 0, 0, 1);
    }
  }
}

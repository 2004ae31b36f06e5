import type Docker from 'dockerode';
import { Readable, addAbortSignal } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

const headerBytes = 8;

/**
 * What a container has written, in pieces of text, and, until `signal` aborts or the container ends, what it writes.
 * An abort is no error: the text just ends.
 */
export async function* followLogs(container: Docker.Container, signal: AbortSignal): AsyncGenerator<string> {
  if (signal.aborted) return;
  const options = { follow: true, stdout: true, stderr: true, tail: 2000, abortSignal: signal } as const;
  try {
    const stream = await container.logs(options);
    yield* demultiplex(addAbortSignal(signal, stream as Readable));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The last lines that a container has written. */
export async function lastLogs(container: Docker.Container, lines: number): Promise<string> {
  const options = { follow: false, stdout: true, stderr: true, tail: lines } as const;
  let text = '';
  for await (const piece of demultiplex(Readable.from([await container.logs(options)]))) text += piece;
  return text.trim();
}

/** Takes the engine's frames (which output, how many bytes) off what a container wrote. */
export async function* demultiplex(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoders = [new StringDecoder(), new StringDecoder(), new StringDecoder()];
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let text = '';
    while (rest.length >= headerBytes) {
      const end = headerBytes + rest.readUInt32BE(4);
      if (rest.length < end) break;
      text += decoders[rest.readUInt8(0)]?.write(rest.subarray(headerBytes, end)) ?? '';
      rest = rest.subarray(end);
    }
    if (text !== '') yield text;
  }
}

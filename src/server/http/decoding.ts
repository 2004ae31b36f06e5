import type { Transform } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import { Failure } from '../failure';

/** Unpacks a body. Tells of each piece how many bytes it has; rejects with what that throws, or with `Failure`. */
type Decoder = (body: Buffer, take: (bytes: number) => void) => Promise<Buffer>;

const known = new Map<string, Decoder>([
  ['gzip', decoderWith(createGunzip)],
  ['x-gzip', decoderWith(createGunzip)],
  ['deflate', decoderWith(createInflate)],
]);

/** What unpacks a body of this `Content-Encoding`; undefined where it is not packed. Throws `Failure` 415. */
export function decoderOf(encoding: string | undefined): Decoder | undefined {
  const name = encoding?.trim().toLowerCase();
  if (!name || name === 'identity') return undefined;
  const decoder = known.get(name);
  if (decoder) return decoder;
  throw new Failure(415, `Bodies may come as gzip or deflate, not as ${name.slice(0, 40)}.`, {
    'Accept-Encoding': 'gzip, deflate',
  });
}

/** Each piece waits for a turn of the event loop: long bodies come in long ones. */
const pieceBytes = (packed: number) => Math.min(2 ** 20, Math.max(2 ** 14, 8 * packed));

function decoderWith(create: (options: { chunkSize: number }) => Transform): Decoder {
  return async (body, take) => {
    const stream = create({ chunkSize: pieceBytes(body.length) });
    const chunks: Buffer[] = [];
    stream.end(body);
    try {
      for await (const chunk of stream) {
        take((chunk as Buffer).length);
        chunks.push(chunk as Buffer);
      }
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure(400, 'The body is not packed as its Content-Encoding says.');
    }
    return Buffer.concat(chunks);
  };
}

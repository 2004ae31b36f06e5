import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { Failure } from '../failure';

/** Unpacks a body to at most so many bytes. Rejects with `Failure`. */
type Decoder = (body: Buffer, longest: number) => Promise<Buffer>;

const known = new Map<string, Decoder>([
  ['gzip', decoderWith(promisify(gunzip))],
  ['x-gzip', decoderWith(promisify(gunzip))],
  ['deflate', decoderWith(promisify(inflate))],
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

function decoderWith(
  unpack: (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>,
): Decoder {
  return async (body, longest) => {
    try {
      return await unpack(body, { maxOutputLength: longest });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
        throw new Failure(413, `The unpacked body is longer than the limit of ${longest} bytes.`);
      }
      throw new Failure(400, 'The body is not packed as its Content-Encoding says.');
    }
  };
}

import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';

const pause = 250;

/**
 * The text of a file and, until `signal` aborts or `ended` says so, what is added to it. A file that is not there is empty.
 * An abort is no error: the text just ends.
 */
export async function* followFile(
  path: string,
  ended: () => boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const decoder = new StringDecoder();
  const buffer = Buffer.alloc(64 * 1024);
  const file = await open(path).catch(() => undefined);
  if (!file) return;
  try {
    while (!signal.aborted) {
      const last = ended();
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length);
        if (bytesRead === 0 || signal.aborted) break;
        yield decoder.write(buffer.subarray(0, bytesRead));
      }
      if (last) return;
      await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  } finally {
    await file.close();
  }
}

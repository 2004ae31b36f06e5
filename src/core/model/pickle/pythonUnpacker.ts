import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { parse, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { ByteSource } from './byteInput';
import { BrokenPickle, LimitReached } from './scanErrors';

/** What Node can not unpack, and Python's standard library can. */
export type PythonPacking = 'bz2' | 'xz' | 'lzma';

/** Longer than that nothing is unpacked, in milliseconds. */
const patience = 60_000;
/** How the script ends where the interpreter was built without what unpacks. */
const withoutUnpacker = 3;

/**
 * Unpacks as the loader of joblib does, which takes streams that follow each other, and ignores what follows and is none. It is fed little at
 * a time: what comes in front of an error is given out as well.
 */
const script = `
import sys
try:
    import bz2, lzma
except ImportError:
    sys.exit(${withoutUnpacker})
kind, path = sys.argv[1:]
make = bz2.BZ2Decompressor if kind == "bz2" else lambda: lzma.LZMADecompressor(memlimit=2**29)
with open(path, "rb") as file:
    unpacker = make()
    later = fresh = False
    while True:
        data = b""
        if unpacker.eof:
            data = unpacker.unused_data or file.read(512)
            unpacker = make()
            later = fresh = True
        elif unpacker.needs_input:
            data = file.read(512)
        if not data and (fresh or unpacker.needs_input):
            break
        try:
            part = unpacker.decompress(data, 65536)
        except (OSError, EOFError, ValueError, lzma.LZMAError):
            sys.exit(0 if later and fresh else 1)
        fresh = False
        sys.stdout.buffer.write(part)
`;

/** There is no interpreter that could unpack it. */
export class NoUnpacker extends Error {}

/** The unpacked bytes of a file: a process of Python unpacks them, and does nothing else. */
export function pythonSource(
  python: string,
  packing: PythonPacking,
  path: string,
  signal?: AbortSignal,
): ByteSource {
  const parts = unpack(python, packing, path, signal);
  return {
    next: async () => (await parts.next()).value,
    close: async () => void (await parts.return(undefined)),
  };
}

async function* unpack(
  python: string,
  packing: PythonPacking,
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, undefined> {
  // Isolated, and not where the model is: Python would take modules from there.
  const child: ChildProcessByStdio<null, Readable, null> = spawn(
    python,
    ['-I', '-S', '-c', script, packing, resolve(path)],
    {
      cwd: parse(process.execPath).root,
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: patience,
      signal,
      windowsHide: true,
    },
  );
  const ended = once(child, 'close') as Promise<[code: number | null]>;
  // It is thrown where it is waited for.
  ended.catch(() => undefined);
  try {
    for await (const part of child.stdout) yield part as Buffer;
    const [code] = await ended.catch((error: unknown) => {
      signal?.throwIfAborted();
      throw new NoUnpacker(python, { cause: error });
    });
    if (code === 0) return;
    if (code === null) throw new LimitReached('it takes too long to unpack');
    if (code === 1) throw new BrokenPickle(`its compressed data is no ${packing}`, 0);
    throw new NoUnpacker(python);
  } finally {
    child.kill();
  }
}

import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  createGunzip,
  createInflate,
  createInflateRaw,
  type Gunzip,
  type Inflate,
  type InflateRaw,
} from 'node:zlib';
import type { ByteSource } from './byteInput';
import { BrokenPickle } from './scanErrors';
import type { PickleCompression } from './pickleScan';

const chunk = 64 * 1024;

const magic: [PickleCompression, string][] = [
  ['gzip', '\x1f\x8b'],
  ['bz2', 'BZh'],
  ['xz', '\xfd7zXZ'],
  ['lzma', ']\0'],
  ['lz4', '\x04"M\x18'],
  ['zlib', 'x'],
];

/** How the file is packed, by its first bytes as joblib tells them apart. */
export function compressionOf(head: Buffer): PickleCompression | undefined {
  const text = head.toString('latin1');
  return magic.find(([, start]) => text.startsWith(start))?.[0];
}

/** The bytes of a file from `start` up to `end`; what is skipped is not read. */
export function fileSource(file: FileHandle, start: number, end: number): ByteSource {
  let at = start;
  return {
    next: async () => {
      const buffer = Buffer.allocUnsafe(Math.min(chunk, Math.max(end - at, 0)));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      at += bytesRead;
      return bytesRead > 0 ? buffer.subarray(0, bytesRead) : undefined;
    },
    skip: (count) => {
      const skipped = Math.min(count, end - at);
      at += skipped;
      return skipped;
    },
  };
}

/** The unpacked bytes of a part of a file. Where several packed streams follow one another, all of them. */
export function unpackedSource(
  file: FileHandle,
  method: 'gzip' | 'zlib' | 'deflate',
  start: number,
  end: number,
): ByteSource {
  const parts = unpack(file, method, start, end);
  return {
    next: async () => (await parts.next()).value,
    close: async () => void (await parts.return(undefined)),
  };
}

async function* unpack(
  file: FileHandle,
  method: 'gzip' | 'zlib' | 'deflate',
  start: number,
  end: number,
): AsyncGenerator<Buffer, undefined> {
  let at = start;
  while (at < end) {
    const unpacker = unpackerOf(method);
    const packed = Readable.from(packedParts(fileSource(file, at, end)), { objectMode: false });
    // Errors of either end come out of the loop.
    pipeline(packed, unpacker).catch(() => undefined);
    try {
      for await (const part of unpacker) yield part as Buffer;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code?.startsWith('Z_') !== true) throw error;
      throw new BrokenPickle(
        `its compressed data is broken (${(error as Error).message})`,
        0,
        isCutOff(error),
      );
    } finally {
      packed.destroy();
      unpacker.destroy();
    }
    const taken = unpacker.bytesWritten;
    at += taken;
    if (taken === 0 || method === 'deflate') return;
  }
}

function isCutOff(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR';
}

async function* packedParts(packed: ByteSource): AsyncGenerator<Uint8Array, undefined> {
  for (let part = await packed.next(); part; part = await packed.next()) yield part;
}

function unpackerOf(method: 'gzip' | 'zlib' | 'deflate'): Gunzip | Inflate | InflateRaw {
  if (method === 'gzip') return createGunzip();
  return method === 'zlib' ? createInflate() : createInflateRaw();
}

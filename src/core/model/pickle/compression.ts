import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createInflateRaw } from 'node:zlib';
import type { ByteSource } from './byteInput';
import { BrokenPickle } from './scanErrors';
import type { PickleCompression } from './pickleScan';

const chunk = 64 * 1024;
/** Bytes in which the header of a gzip stream ends, names included. */
const mostHeader = 256 * 1024;

const magic: [PickleCompression, string][] = [
  ['gzip', '\x1f\x8b'],
  ['xz', '\xfd7zXZ'],
  ['lzma', ']\0'],
  ['lz4', '\x04"M\x18'],
  ['zlib', 'x'],
];

/** What follows the header of a bz2 stream: the mark of its first block, or of its end. */
const bz2Blocks = ['1AY&SY', '\x17rE8P\x90'];

/** How the file is packed, by its first bytes as joblib tells them apart. */
export function compressionOf(head: Buffer): PickleCompression | undefined {
  const text = head.toString('latin1');
  // A pickle may start with `BZ` as well, if with nothing of what follows.
  if (/^BZh[1-9]/.test(text) && bz2Blocks.includes(text.slice(4, 10))) return 'bz2';
  return magic.find(([, start]) => text.startsWith(start))?.[0];
}

/** The bytes of a file from `start` up to `end`; what is skipped is not read. */
export function fileSource(file: FileHandle, start: number, end: number): ByteSource {
  let at = start;
  return {
    next: async () => {
      const part = await readAt(file, at, Math.min(at + chunk, end));
      at += part.length;
      return part.length > 0 ? part : undefined;
    },
    skip: (count) => {
      const skipped = Math.max(0, Math.min(count, end - at));
      at += skipped;
      return skipped;
    },
  };
}

type Packing = 'gzip' | 'zlib' | 'deflate';

/** The unpacked bytes of a part of a file. Where several packed streams follow one another, all of them. */
export function unpackedSource(file: FileHandle, packing: Packing, start: number, end: number): ByteSource {
  const parts = unpack(file, packing, start, end);
  return {
    next: async () => (await parts.next()).value,
    close: async () => void (await parts.return(undefined)),
  };
}

/**
 * Headers are read here, and checksums not at all: a loader runs what it unpacked before it meets a wrong checksum
 * or a missing end, so that must be unpacked here too.
 */
async function* unpack(
  file: FileHandle,
  packing: Packing,
  start: number,
  end: number,
): AsyncGenerator<Buffer, undefined> {
  let at = start;
  while (at < end) {
    const header = packing === 'deflate' ? 0 : await headerLength(file, packing, at, end);
    if (header === undefined) {
      if (at > start && (await isZero(file, at, end))) return;
      throw new BrokenPickle('its compressed data has no header', 0);
    }
    at += header;
    const unpacker = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
    const packed = Readable.from(packedParts(fileSource(file, at, end)), { objectMode: false });
    // Errors of either end come out of the loop.
    pipeline(packed, unpacker).catch(() => undefined);
    try {
      for await (const part of unpacker) yield part as Buffer;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code?.startsWith('Z_') !== true) throw error;
      throw new BrokenPickle(`its compressed data is broken (${(error as Error).message})`, 0);
    } finally {
      packed.destroy();
      unpacker.destroy();
    }
    if (packing === 'deflate') return;
    at += unpacker.bytesWritten + (packing === 'gzip' ? 8 : 4);
  }
}

async function* packedParts(packed: ByteSource): AsyncGenerator<Uint8Array, undefined> {
  for (let part = await packed.next(); part; part = await packed.next()) yield part;
}

/** Bytes of the header of a gzip or zlib stream; undefined when there is none. */
async function headerLength(
  file: FileHandle,
  packing: Packing,
  at: number,
  end: number,
): Promise<number | undefined> {
  const start = await readAt(file, at, Math.min(at + 12, end));
  if (packing === 'zlib') {
    const isZlib = start.length >= 2 && start.readUInt16BE(0) % 31 === 0 && ((start[0] ?? 0) & 15) === 8;
    return isZlib ? 2 : undefined;
  }
  if (start.length < 12 || start.readUInt16BE(0) !== 0x1f8b || start[2] !== 8) return undefined;
  const flags = start[3] ?? 0;
  let length = 10 + (flags & 4 ? 2 + start.readUInt16LE(10) : 0);
  const texts = (flags & 8 ? 1 : 0) + (flags & 16 ? 1 : 0);
  if (texts > 0) {
    const header = await readAt(file, at, Math.min(at + mostHeader, end));
    for (let text = 0; text < texts; text++) {
      const zero = header.indexOf(0, length);
      if (zero < 0) return undefined;
      length = zero + 1;
    }
  }
  return length + (flags & 2 ? 2 : 0);
}

/** Whether only padding follows. */
async function isZero(file: FileHandle, at: number, end: number): Promise<boolean> {
  const rest = fileSource(file, at, end);
  for (let part = await rest.next(); part; part = await rest.next()) {
    if (part.some((byte) => byte !== 0)) return false;
  }
  return true;
}

async function readAt(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.max(end - start, 0));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
  return buffer.subarray(0, bytesRead);
}

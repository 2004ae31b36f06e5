import type { FileHandle } from 'node:fs/promises';
import { most } from './limits';
import { LimitReached } from './scanErrors';

/** A file in a zip file. */
export interface ZipMember {
  name: string;
  /** 0 is stored, 8 is deflated. */
  method: number;
  encrypted: boolean;
  /** Where its bytes are in the zip file. */
  start: number;
  end: number;
}

const endLength = 22;
const entryLength = 46;
const localLength = 30;
const mostDirectory = 64 * 2 ** 20;

/** All files of a zip file by its central directory; undefined when it has none that can be read. */
export async function zipMembers(file: FileHandle, size: number): Promise<ZipMember[] | undefined> {
  const directory = await findDirectory(file, size);
  if (!directory) return undefined;
  if (directory.length > mostDirectory) throw new LimitReached('its list of files is too long');
  const bytes = await read(file, directory.start, directory.length);
  const members: ZipMember[] = [];
  let at = 0;
  while (at + entryLength <= bytes.length && bytes.readUInt32LE(at) === 0x02014b50) {
    if (members.length >= most.members)
      throw new LimitReached(`it has more than ${most.members} files in it`);
    const nameEnd = at + entryLength + bytes.readUInt16LE(at + 28);
    const extraEnd = nameEnd + bytes.readUInt16LE(at + 30);
    const entry = bytes.subarray(at, at + entryLength);
    const sizes = wideSizes(entry, bytes.subarray(nameEnd, extraEnd));
    const local = await read(file, sizes.offset + directory.shift, localLength);
    if (local.length < localLength || local.readUInt32LE(0) !== 0x04034b50) return undefined;
    const start =
      sizes.offset + directory.shift + localLength + local.readUInt16LE(26) + local.readUInt16LE(28);
    members.push({
      name: bytes.subarray(at + entryLength, nameEnd).toString(),
      method: entry.readUInt16LE(10),
      encrypted: (entry.readUInt16LE(8) & 1) === 1,
      start,
      end: Math.min(start + sizes.packed, size),
    });
    at = extraEnd + entry.readUInt16LE(32);
  }
  return members;
}

interface Directory {
  start: number;
  length: number;
  /** What must be added to all offsets, where something stands before the zip file. */
  shift: number;
}

async function findDirectory(file: FileHandle, size: number): Promise<Directory | undefined> {
  const tailStart = Math.max(0, size - endLength - 0xffff);
  const tail = await read(file, tailStart, size - tailStart);
  const at = tail.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (at < 0 || at + endLength > tail.length) return undefined;
  let length = tail.readUInt32LE(at + 12);
  let start = tail.readUInt32LE(at + 16);
  let end = tailStart + at;
  if (start === 0xffffffff || length === 0xffffffff) {
    const locator = await read(file, end - 20, 20);
    if (locator.length < 20 || locator.readUInt32LE(0) !== 0x07064b50) return undefined;
    end = Number(locator.readBigUInt64LE(8));
    const wide = await read(file, end, 56);
    if (wide.length < 56 || wide.readUInt32LE(0) !== 0x06064b50) return undefined;
    length = Number(wide.readBigUInt64LE(40));
    start = Number(wide.readBigUInt64LE(48));
  }
  const shift = end - length - start;
  if (shift < 0 || end > size) return undefined;
  return { start: start + shift, length, shift };
}

/** Size and offset of an entry, from its extra field where they have no room in the entry. */
function wideSizes(entry: Buffer, extra: Buffer): { packed: number; offset: number } {
  let packed = entry.readUInt32LE(20);
  let offset = entry.readUInt32LE(42);
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let field = at + 4;
    const next = (): number => {
      field += 8;
      return field <= extra.length ? Number(extra.readBigUInt64LE(field - 8)) : 0;
    };
    if (entry.readUInt32LE(24) === 0xffffffff) next();
    if (packed === 0xffffffff) packed = next();
    if (offset === 0xffffffff) offset = next();
  }
  return { packed, offset };
}

async function read(file: FileHandle, start: number, length: number): Promise<Buffer> {
  if (start < 0 || !Number.isSafeInteger(start)) return Buffer.alloc(0);
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, start);
  return buffer.subarray(0, bytesRead);
}

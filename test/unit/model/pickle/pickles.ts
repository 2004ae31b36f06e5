import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { fullName, type PickleScan } from '../../../../src/core/model/pickle/pickleScan';
import { scanPickle } from '../../../../src/core/model/pickle/scanPickle';

export function fixture(name: string): string {
  return resolve('test/fixtures/pickles', name);
}

/** Writes `bytes` to a file for as long as it is scanned. */
export async function scanBytes(bytes: Uint8Array, signal?: AbortSignal): Promise<PickleScan> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-pickle-'));
  try {
    const path = join(folder, 'model.pkl');
    await writeFile(path, bytes);
    return await scanPickle(path, signal);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Joins opcodes: text is Latin-1, numbers are single bytes. */
export function pickle(...parts: (string | number | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'string') return Buffer.from(part, 'latin1');
      return typeof part === 'number' ? Buffer.from([part]) : part;
    }),
  );
}

/** A short text of protocol 4. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return pickle(0x8c, bytes.length, bytes);
}

/** Bytes of protocol 3. */
export function bytes(value: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.length);
  return pickle('B', length, value);
}

export function frame(content: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(content.length));
  return pickle(0x95, length, content);
}

export const proto4 = pickle(0x80, 4);
export const tuple1 = 0x85;

/** What `str` makes of a text while it is loaded. */
export function made(value: string): Buffer {
  return pickle('cbuiltins\nstr\n', text(value), tuple1, 'R');
}

const u1 = pickle(
  'cnumpy\ndtype\n',
  text('u1'),
  0x89,
  0x88,
  0x87,
  'R(K\x03',
  text('|'),
  'NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb',
);

/** A wrapper of joblib for an array of `size` bytes; `more` are keys and values besides those that it needs. */
export function wrapper(
  size: number | Buffer,
  more: Uint8Array = Buffer.alloc(0),
  cls = 'joblib.numpy_pickle\nNumpyArrayWrapper',
): Buffer {
  const shape = typeof size === 'number' ? pickle(`I${size}\n`, tuple1) : size;
  return pickle(`c${cls}\n)`, 0x81, '}(', text('shape'), shape, text('dtype'), u1, more, 'ub');
}

/** `os.system('id')` of protocol 0, without its end. */
export const evil = pickle("cos\nsystem\n(S'id'\ntR");
/** The same by the opcodes of protocol 4. */
export const evil4 = pickle(text('os'), text('system'), 0x93, text('id'), 0x85, 'R');

/** A zip file of these members. */
export function zip(members: Record<string, Uint8Array>, deflated = false): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(members)) {
    const packed = deflated ? deflateRawSync(content) : Buffer.from(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(deflated ? 8 : 0, 4);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    entries.push(pickle('PK\x01\x02', 20, 0, common, rest, Buffer.from(name)));
    const local = pickle('PK\x03\x04', common, Buffer.from(name), packed);
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, pickle('PK\x05\x06', end)]);
}

/** Verdicts by `module.name`. */
export function verdicts(scan: PickleScan): Record<string, string> {
  return Object.fromEntries(
    scan.imports.map(({ module, name, verdict }) => [fullName(module, name), verdict]),
  );
}

export function codes(scan: PickleScan, level?: string): string[] {
  return scan.findings.filter((finding) => !level || finding.level === level).map(({ code }) => code);
}

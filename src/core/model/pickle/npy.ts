import { ByteInput, type ByteSource } from './byteInput';
import type { Limits } from './limits';
import type { PickleArray } from './pickleScan';

export const npyMagic = Buffer.from('\x93NUMPY', 'latin1');

/** The header of a `.npy` file. */
export interface NpyHeader {
  array: PickleArray;
  /** Whether a pickle follows in place of raw items. */
  hasObjects: boolean;
  /** Where the items start. */
  length: number;
}

/** Reads the header of a `.npy` file; undefined when it is none that numpy wrote. */
export async function readNpyHeader(source: ByteSource, limits: Limits): Promise<NpyHeader | undefined> {
  const input = new ByteInput(source, limits);
  if (!(await input.want(12))) return undefined;
  const start = input.peek();
  if (!start.subarray(0, 6).equals(npyMagic)) return undefined;
  const isFirstVersion = start[6] === 1;
  const headerStart = isFirstVersion ? 10 : 12;
  const length = isFirstVersion ? start.readUInt16LE(8) : start.readUInt32LE(8);
  if (length > 2 ** 20 || !(await input.want(headerStart + length))) return undefined;
  const text = input
    .peek()
    .subarray(headerStart, headerStart + length)
    .toString('latin1');
  const simple = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const dtype = simple ?? (/'descr':\s*(\[.*\])\s*,\s*'/s.exec(text)?.[1] ?? '').slice(0, 200);
  const shape = /'shape':\s*\(([\d,\sL]*)\)/.exec(text)?.[1];
  const sizes = shape?.split(',').flatMap((size) => (size.trim() ? [parseInt(size, 10)] : []));
  return {
    array: { dtype, shape: sizes ?? [] },
    hasObjects: simple === undefined || /^[|=<>]?O/.test(simple) || sizes === undefined,
    length: headerStart + length,
  };
}

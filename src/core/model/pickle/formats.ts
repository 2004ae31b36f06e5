import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../../errors';
import { ByteInput, type ByteSource } from './byteInput';
import { fileSource, unpackedSource } from './compression';
import type { Limits } from './limits';
import { readNpyHeader } from './npy';
import type { PickleScan } from './pickleScan';
import { Report } from './report';
import { BrokenPickle, LimitReached } from './scanErrors';
import { scanStream, type StreamResult } from './streamScan';
import type { Value } from './values';
import { quoted } from './verdict';
import { zipMembers, type ZipMember } from './zipMembers';

/** What was found in a file of any format. */
export interface Found {
  format: PickleScan['format'];
  report: Report;
  root?: Value;
}

/** Scans a pickle, or a `.npy` file that may hold one. */
export async function scanBytes(source: () => ByteSource, name: string, limits: Limits): Promise<Found> {
  const npy = await scanNpy(source, limits);
  if (npy) return { format: 'npy', report: npy.report, root: npy.root };
  const { report, root, isPickle } = await scanStream(source, limits);
  if (!isPickle) throw noPickle(name);
  return { format: report.hasJoblibArrays ? 'joblib' : 'pickle', report, root };
}

/** Scans all files of a zip file that are pickles or may hold one. */
export async function scanZip(file: FileHandle, size: number, name: string, limits: Limits): Promise<Found> {
  const report = new Report();
  const found: Found = { format: 'zip', report };
  try {
    const members = await zipMembers(file, size);
    if (!members) throw noPickle(name);
    for (const member of members) {
      limits.signal?.throwIfAborted();
      const scan = await scanMember(file, member, limits);
      if (!scan) continue;
      report.merge(scan.report);
      if (!found.root || /(^|\/)data\.pkl$/.test(member.name)) found.root = scan.root;
    }
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
    report.complete = false;
    report.find('danger', 'limit', `It is not looked into any further: ${error.message}.`);
  }
  return found;
}

async function scanMember(
  file: FileHandle,
  member: ZipMember,
  limits: Limits,
): Promise<StreamResult | undefined> {
  const { name, method, start, end } = member;
  const isNamedSo = /\.(pkl|pickle|joblib|npy|p|pk|dill|cloudpickle)$/i.test(name);
  if (end <= start && !isNamedSo) return undefined;
  const report = new Report(name);
  if (member.encrypted || (method !== 0 && method !== 8)) {
    report.complete = false;
    const message = `${quoted(name)} in it can not be looked into: it is encrypted or packed in an unusual way.`;
    report.find(isNamedSo ? 'danger' : 'warning', 'zip-member', message);
    return { report, root: undefined, isPickle: false };
  }
  const source = (): ByteSource =>
    method === 0 ? fileSource(file, start, end) : unpackedSource(file, 'deflate', start, end);
  try {
    const npy = await scanNpy(source, limits, name);
    if (npy) return npy;
    if (!isNamedSo && !(await mayBePickle(source, limits))) return undefined;
    const scan = await scanStream(source, limits, name);
    return scan.isPickle || isNamedSo ? scan : undefined;
  } catch (error) {
    if (!(error instanceof BrokenPickle)) throw error;
    report.complete = false;
    report.find('warning', 'zip-member', `${quoted(name)} in it can not be read: ${error.message}.`);
    return { report, root: undefined, isPickle: false };
  }
}

/** Whether the bytes start like any pickle with an import in it: of protocol 2 and later, or one that is text. */
async function mayBePickle(source: () => ByteSource, limits: Limits): Promise<boolean> {
  const opened = source();
  const input = new ByteInput(opened, limits);
  try {
    if (!(await input.want(2))) return false;
    const [first, second] = [input.at(0), input.at(1)];
    return (first === 0x80 && second <= 5) || (first === 0x63 && second >= 0x41) || first === 0x28;
  } finally {
    await opened.close?.();
  }
}

async function scanNpy(
  source: () => ByteSource,
  limits: Limits,
  member?: string,
): Promise<StreamResult | undefined> {
  const opened = source();
  const header = await readNpyHeader(opened, limits).catch(ignoreBroken);
  await opened.close?.();
  if (!header) return undefined;
  const rest = (): ByteSource => withoutStart(source(), header.length);
  const scan = header.hasObjects ? await scanStream(rest, limits, member) : undefined;
  const report = scan?.report ?? new Report(member);
  report.addArray(header.array);
  return { report, root: scan?.root, isPickle: scan?.isPickle ?? false };
}

/** What can not be unpacked is told by whoever reads it next. */
function ignoreBroken(error: unknown): undefined {
  if (!(error instanceof BrokenPickle)) throw error;
  return undefined;
}

/** A source without its first bytes. */
function withoutStart(source: ByteSource, count: number): ByteSource {
  let left = count;
  return {
    ...source,
    next: async () => {
      for (;;) {
        const part = await source.next();
        if (!part || part.length > left) {
          const rest = part?.subarray(left);
          left = 0;
          return rest;
        }
        left -= part.length;
      }
    },
    skip: undefined,
  };
}

function noPickle(name: string): UserError {
  const next = 'Choose a file that pickle or joblib wrote, or write it again.';
  return new UserError('model-broken', `${name} can not be read as a model: it is no pickle.`, next);
}

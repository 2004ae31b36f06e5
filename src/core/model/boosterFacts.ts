import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { UserError } from '../errors';

/** What a model of XGBoost or LightGBM in its own format says about itself. Absent is what it does not say at its start or end. */
export interface BoosterFacts {
  library: 'xgboost' | 'lightgbm';
  /** Of XGBoost, that wrote it. LightGBM writes that of its format only. */
  version?: string;
  featureCount?: number;
  featureNames?: string[];
}

/** How much of either end of a file is looked at: names of features stand at the start, versions of XGBoost at the end. */
const endBytes = 1024 * 1024;

/**
 * Reads what a booster says about itself, without loading it.
 * Sources: https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html, https://ubjson.org/type-reference/ and LightGBM's
 * `GBDT::SaveModelToString`.
 * @throws UserError `model-broken` when the file is none
 */
export async function boosterFacts(path: string): Promise<BoosterFacts> {
  const { start, end } = await readEnds(path);
  if (start.startsWith('tree\n')) return lightgbmFacts(start);
  if (/^\{L[^]{8}learner\{/.test(start)) return ubjFacts(start, end);
  if (/^\s*\{\s*"learner"\s*:/.test(start)) return jsonFacts(start, end);
  throw new UserError(
    'model-broken',
    `${basename(path)} is no model of XGBoost or LightGBM in their own formats.`,
    'Write it with save_model of the booster.',
  );
}

/** As Latin-1, so that each byte is a letter. */
async function readEnds(path: string): Promise<{ start: string; end: string }> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const read = async (from: number) => {
      const bytes = Buffer.alloc(Math.min(endBytes, size));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
      return bytes.toString('latin1', 0, bytesRead);
    };
    return { start: await read(0), end: await read(Math.max(0, size - endBytes)) };
  } finally {
    await file.close();
  }
}

function lightgbmFacts(start: string): BoosterFacts {
  const last = /^max_feature_idx=(\d+)$/m.exec(start)?.[1];
  const names = /^feature_names=(.*)$/m.exec(start)?.[1]?.split(' ').map(utf8);
  return {
    library: 'lightgbm',
    featureCount: last === undefined ? undefined : Number(last) + 1,
    featureNames: names,
  };
}

function jsonFacts(start: string, end: string): BoosterFacts {
  const names = /"feature_names"\s*:\s*(\[(?:\s*"(?:[^"\\]|\\.)*"\s*,?)*\])/.exec(start)?.[1];
  const version = /"version"\s*:\s*\[\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\]/.exec(end)?.slice(1).join('.');
  const count = [...end.matchAll(/"num_feature"\s*:\s*"(\d+)"/g)].at(-1)?.[1];
  return xgboostFacts(version, count, names === undefined ? [] : (JSON.parse(utf8(names)) as string[]));
}

function ubjFacts(start: string, end: string): BoosterFacts {
  // A list of three numbers; its length is one of 8 bytes.
  const version = /version\[#L[^]{8}((?:[iU][^]|I[^]{2}|l[^]{4}){3})/.exec(end)?.[1];
  const numbers = version?.match(/[iU][^]|I[^]{2}|l[^]{4}/g)?.map((number) => integer(number.slice(1)));
  const count = [...end.matchAll(/num_featureSL[^]{8}(\d+)/g)].at(-1)?.[1];
  return xgboostFacts(numbers?.join('.'), count, ubjNames(start));
}

/** The array of strings behind "feature_names". */
function ubjNames(start: string): string[] {
  const key = 'feature_names[#L';
  const found = start.indexOf(key);
  if (found < 0) return [];
  let at = found + key.length;
  const take = (length: number) => start.slice(at, (at += length));
  const names: string[] = [];
  for (let left = integer(take(8)); left > 0 && take(2) === 'SL'; left--)
    names.push(utf8(take(integer(take(8)))));
  return names;
}

function xgboostFacts(version: string | undefined, count: string | undefined, names: string[]): BoosterFacts {
  return {
    library: 'xgboost',
    version,
    featureCount: count === undefined ? undefined : Number(count),
    featureNames: names.length > 0 ? names : undefined,
  };
}

/** Big-endian. */
function integer(bytes: string): number {
  return Buffer.from(bytes, 'latin1').reduce((sum, byte) => sum * 256 + byte, 0);
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

import type { Report } from './report';
import { Bytes, Global, type Dict, type Made } from './values';

/** What xgboost writes at the end of its binary form: a list of three small ints. */
const xgboostVersion = Buffer.from('version[#L\0\0\0\0\0\0\0\x03i', 'latin1');

/** Notes the versions of libraries that stand in the state of an object. */
export function noteVersions(report: Report, object: Made, state: Dict): void {
  const sklearn = state.get('_sklearn_version');
  if (typeof sklearn === 'string') report.addVersion('sklearn', sklearn.slice(0, 100));
  if (!(object.cls instanceof Global) || object.cls.name !== 'Booster') return;
  const handle = state.get('handle');
  if (object.cls.module.startsWith('xgboost.') && handle instanceof Bytes) {
    const version = versionOfBooster(handle.data ?? handle.tail);
    if (version) report.addVersion('xgboost', version);
  }
  if (object.cls.module.startsWith('lightgbm.') && typeof handle === 'string') {
    const version = /^version=(\S{1,20})$/m.exec(handle.slice(0, 1000))?.[1];
    if (version) report.addVersion('lightgbm', version);
  }
}

function versionOfBooster(handle: Buffer | undefined): string | undefined {
  const start = handle?.lastIndexOf(xgboostVersion) ?? -1;
  if (!handle || start < 0) return undefined;
  const at = start + xgboostVersion.length;
  const [major, minor, patch] = [handle[at], handle[at + 2], handle[at + 4]];
  return patch === undefined ? undefined : `${major}.${minor}.${patch}`;
}

import { realpath } from 'node:fs/promises';
import { dirname, extname, relative, resolve } from 'node:path';
import { UserError } from '../errors';
import { heldAgainst } from './besidePickle';
import { isInside } from './hashModel';
import type { MlflowFacts } from './mlflowFacts';
import { titleOf } from './modelKind';
import { knownDanger } from './pickle/dangerousNames';
import type { PickleFinding, PickleScan } from './pickle/pickleScan';
import { scanPickle } from './pickle/scanPickle';
import { quoted } from './pickle/verdict';

/** A pickle in a folder, by its path in it. */
export interface ScannedFile {
  file: string;
  scan: PickleScan;
}

/** What by its name is a pickle, and wrong if it is none. */
const pickleNames = /\.(pkl|pickle|joblib)$/i;
/** What else is scanned as a whole, whatever it begins like. */
const mayBePickles = new Set(['.bin', '.cloudpickle', '.dill', '.p', '.pk', '.pt', '.pth', '.sav']);

/**
 * Scans all files of a model of MLflow that are pickles or hold some, whatever they are named: its `MLmodel` may name any of them.
 * @throws UserError `model-broken` where one is no pickle and its name says that it is
 */
export async function scanMlflow(
  mlmodel: string,
  files: string[],
  { data }: MlflowFacts,
  signal?: AbortSignal,
  python?: string,
): Promise<ScannedFile[]> {
  const folder = dirname(mlmodel);
  const named = data === undefined ? undefined : resolve(folder, data);
  const scans = await Promise.all(
    files.map(async (path) => {
      const scan = await scanAny(path, path === named, signal, python);
      return scan ? [{ file: relative(folder, path), scan: await heldAgainst(folder, scan) }] : [];
    }),
  );
  return scans.flat();
}

/** Undefined for what is no pickle. */
async function scanAny(
  path: string,
  isNamed: boolean,
  signal?: AbortSignal,
  python?: string,
): Promise<PickleScan | undefined> {
  try {
    const scan = await scanPickle(path, signal, python);
    const isMeant = isNamed || pickleNames.test(path) || mayBePickles.has(extname(path).toLowerCase());
    const holdsAny = scan.imports.length > 0 || scan.root !== undefined;
    // Some lines of text can be read as opcodes too.
    const isPickle =
      holdsAny && (scan.complete || scan.imports.some(({ verdict }) => verdict === 'dangerous'));
    // It may be one, and whoever loads the model may unpack it.
    const isPacked = scan.findings.some(({ code }) => code === 'compression');
    return isPickle || isPacked || (isMeant && (holdsAny || !scan.complete)) ? scan : undefined;
  } catch (error) {
    const isOther = error instanceof UserError && error.code === 'model-broken' && !pickleNames.test(path);
    if (!isOther) throw error;
    return undefined;
  }
}

/** What is to be said of what a model of MLflow runs besides its pickles. */
export function mlflowFindings({ loader, code }: MlflowFacts): PickleFinding[] {
  const findings: PickleFinding[] = [];
  const isOwn = /^mlflow(\.\w+)+$/.test(loader);
  const danger = isOwn ? undefined : knownDanger(loader, '_load_pyfunc');
  if (danger !== undefined) {
    const message = `It is loaded by the module ${quoted(loader)}, which can ${danger}.`;
    findings.push({ level: 'danger', code: 'dangerous-import', message });
  } else if (!isOwn) {
    const message = `It is loaded by the module ${quoted(loader)}, which is not MLflow's and can not be judged.`;
    findings.push({ level: 'warning', code: 'carries-code', message });
  }
  if (code !== undefined) {
    const message = `It carries code of its own (${quoted(code)}), which can not be judged.`;
    findings.push({ level: 'warning', code: 'carries-code', message });
  }
  return findings;
}

/** Throws `UserError` `model-unsupported` where its `MLmodel` names something outside of its folder, also by a symbolic link. */
export async function checkInside(mlmodel: string, { data, code }: MlflowFacts): Promise<void> {
  const folder = dirname(mlmodel);
  for (const name of [data, code]) {
    if (name === undefined) continue;
    const path = resolve(folder, name);
    const [realFolder, real] = await Promise.all(
      [folder, path].map((each) => realpath(each).catch(() => each)),
    );
    if (isInside(folder, path) && isInside(realFolder ?? folder, real ?? path)) continue;
    throw new UserError(
      'model-unsupported',
      `The MLmodel of ${titleOf(mlmodel)} names ${quoted(name)}, which is outside of its folder.`,
      'Log or save the model again with MLflow.',
    );
  }
}

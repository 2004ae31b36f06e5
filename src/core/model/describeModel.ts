import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { heldAgainst } from './besidePickle';
import { boosterFacts, type BoosterFacts } from './boosterFacts';
import { modelFiles } from './hashModel';
import { inspectModel } from './inspectModel';
import { mlflowFacts, type MlflowFacts } from './mlflowFacts';
import { checkInside, mlflowFindings, scanMlflow, type ScannedFile } from './mlflowScans';
import { formOf, type ModelForm } from './modelKind';
import type { PickleFinding, PickleScan } from './pickle/pickleScan';
import { worstFirst } from './pickle/report';
import { scanPickle } from './pickle/scanPickle';
import { checkScript } from './script';
import type { OnnxDescription } from './signature';

/** What is known of every model of Python before it is loaded. What it takes and gives is known only once it runs. */
interface PythonDescription<Form extends ModelForm> {
  kind: Form;
  signature?: undefined;
  /** Bytes of its files. */
  size: number;
}

export interface PickleDescription extends PythonDescription<'pickle'> {
  scan: PickleScan;
}

export interface BoosterDescription extends PythonDescription<'booster'> {
  facts: BoosterFacts;
}

export type ScriptDescription = PythonDescription<'script'>;

/** A folder of MLflow that is more than one pickle. */
export interface MlflowDescription extends PythonDescription<'mlflow'> {
  facts: MlflowFacts;
  /** What it runs besides its pickles. */
  findings: PickleFinding[];
  /** Of each pickle in it. */
  scans: ScannedFile[];
}

export type ModelDescription =
  OnnxDescription | PickleDescription | BoosterDescription | ScriptDescription | MlflowDescription;

/**
 * What a model file says about itself: nothing of it is loaded or run. An interpreter is asked only to unpack what Node can not; by default
 * `python3`.
 * @throws UserError `model-missing` when there is no such file, `model-broken` when it is no model
 */
export async function describeModel(
  path: string,
  signal?: AbortSignal,
  python?: string,
): Promise<ModelDescription> {
  const kind = formOf(path);
  if (kind === 'onnx') return inspectModel(path, signal);
  const files = await modelFiles(path, signal);
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const size = sizes.reduce((sum, one) => sum + one, 0);
  switch (kind) {
    case 'pickle':
      return { kind, size, scan: await heldAgainst(dirname(path), await scanPickle(path, signal, python)) };
    case 'booster':
      return { kind, size, facts: await boosterFacts(path) };
    case 'script':
      await checkScript(path);
      return { kind, size };
    case 'mlflow':
      return describeMlflow(path, files, size, signal, python);
  }
}

/** What a loader would meet in the pickles of a model, the worst first. */
export function findingsOf(description: ModelDescription): { findings: PickleFinding[]; complete: boolean } {
  if (description.kind === 'pickle') return description.scan;
  if (description.kind !== 'mlflow') return { findings: [], complete: true };
  const { scans } = description;
  const inPickles = scans.flatMap(({ file, scan }) =>
    scan.findings.map((finding) => ({ ...finding, message: `${file}: ${finding.message}` })),
  );
  return {
    findings: [...description.findings, ...inPickles].sort(worstFirst),
    complete: scans.every(({ scan }) => scan.complete),
  };
}

async function describeMlflow(
  mlmodel: string,
  files: string[],
  size: number,
  signal?: AbortSignal,
  python?: string,
): Promise<PickleDescription | MlflowDescription> {
  const facts = await mlflowFacts(mlmodel);
  await checkInside(mlmodel, facts);
  const scans = await scanMlflow(mlmodel, files, facts, signal, python);
  const [only] = scans;
  // That is a pickle in a folder: it is loaded without MLflow.
  if (facts.loader === 'mlflow.sklearn' && only && scans.length === 1)
    return { kind: 'pickle', size, scan: only.scan };
  return { kind: 'mlflow', size, facts, findings: mlflowFindings(facts), scans };
}

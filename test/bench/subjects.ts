import { join, resolve } from 'node:path';
import { run } from '../host/command';
import { pythonEnvironment, pythonVariables } from '../host/pythonEnvironment';
import { reasonIn } from './reason';

/** Debian's interpreter, which has Debian's scikit-learn and Flask. */
export const python = '/usr/bin/python3';

/** A row of the data that a model was trained on, and what the model says of it. */
export interface LabelledRow {
  row: number[];
  label: number;
}

/** A model that is served by everybody. */
export interface Subject {
  title: string;
  /** What the peers load. */
  pickle: string;
  /** A model of the same kind as ONNX; undefined where none could be made. */
  onnx?: string;
  /** One for each class; the first is what servers under load are asked about. */
  rows: [LabelledRow, ...LabelledRow[]];
}

/**
 * Trains the models into `folder`. The forest's ONNX is the pickle itself, converted and held against it on all data; `onnx` is
 * iris', which normalizes its input and then does the same.
 */
export async function makeSubjects(onnx: string, folder: string): Promise<Subject[]> {
  const train = async (kind: string) => {
    const pickle = join(folder, `${kind}.pkl`);
    const rows = await run(python, [resolve('test/bench/peers/train.py'), kind, pickle]);
    return { pickle, rows: JSON.parse(rows) as Subject['rows'] };
  };
  const iris = await train('iris');
  const forest = await train('forest');
  return [
    { title: 'iris, logistic regression', ...iris, onnx },
    { title: 'breast cancer, 100 trees', ...forest, onnx: await exportForest(forest.pickle) },
  ];
}

async function exportForest(pickle: string): Promise<string | undefined> {
  const onnx = pickle.replace(/pkl$/, 'onnx');
  try {
    const programs = await pythonEnvironment(
      'bench-peers/onnx',
      resolve('test/bench/peers/requirements/onnx.txt'),
    );
    const script = resolve('test/bench/peers/export_forest.py');
    await run(join(programs, 'python'), [script, pickle, onnx], { env: pythonVariables(programs) });
    return onnx;
  } catch (error) {
    process.stdout.write(`The forest is not measured as ONNX: ${reasonIn((error as Error).message)}\n\n`);
    return undefined;
  }
}

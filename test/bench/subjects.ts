import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** Debian's interpreter, which has Debian's scikit-learn, Flask and FastAPI. */
export const python = '/usr/bin/python3';

/** A model that is served by everybody, and a row that they are asked about. */
export interface Subject {
  title: string;
  /** What the peers load. */
  pickle: string;
  /** The same as ONNX, where there is one. */
  onnx?: string;
  row: number[];
}

/** Trains the models into `folder`. */
export async function makeSubjects(onnx: string, folder: string): Promise<Subject[]> {
  const train = async (kind: string) => {
    const file = join(folder, `${kind}.pkl`);
    await promisify(execFile)(python, [resolve('test/bench/peers/train.py'), kind, file]);
    return file;
  };
  const cell = Array.from({ length: 30 }, (_, feature) => 0.1 * (feature + 1));
  return [
    { title: 'iris, logistic regression', pickle: await train('iris'), onnx, row: [5.1, 3.5, 1.4, 0.2] },
    { title: 'breast cancer, 100 trees', pickle: await train('forest'), row: cell },
  ];
}

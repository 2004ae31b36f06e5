import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { resolve } from 'node:path';
import { Predictor } from '../../src/core/endpoint/predictor';
import { irisRow } from './iris';
import { quietLog } from './log';
import { median, printTable } from './table';

const runs = 500;

/** One prediction as the editor makes it, through a warm model server, against onnxruntime called in the same process. */
export async function measurePrediction(model: string): Promise<void> {
  const input = await irisRow(model);
  const session = await InferenceSession.create(model);
  const feeds = { [input.name]: new OnnxTensor('float32', input.data as Float32Array, input.shape) };
  const plain = await timed(() => session.run(feeds));

  const predictor = new Predictor({ dist: resolve('dist'), nodePath: '', log: quietLog });
  const { signal } = new AbortController();
  try {
    const first = performance.now();
    await predictor.infer(model, [input], signal);
    const cold = performance.now() - first;
    const warm = await timed(() => predictor.infer(model, [input], signal));
    printTable(
      ['one prediction, iris', 'median ms', 'ours is'],
      [
        ['Slipway, in the editor', warm.toFixed(3), ''],
        ['onnxruntime-node in the process', plain.toFixed(3), `${(warm / plain).toFixed(1)} ×`],
        ['Slipway, the first one (its server starts)', cold.toFixed(0), ''],
      ],
    );
  } finally {
    await predictor.stopAll();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  for (let run = 0; run < 50; run++) await work();
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return median(times);
}

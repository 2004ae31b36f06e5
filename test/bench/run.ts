/**
 * Measures what Slipway promises to be fast at, each against its peer in the same run:
 * `npm run bench [-- SECONDS]`, where SECONDS is how long each server is under load (default 5).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { measureActivation } from './activation';
import { measureEndpoints } from './endpoints';
import { measurePrediction } from './prediction';
import { measureColdStart, measureServe } from './serve';
import { measureSignature } from './signature';
import { makeSubjects } from './subjects';

const model = resolve('test/fixtures/workspace/models/iris.onnx');

async function main(): Promise<void> {
  const seconds = Number(process.argv[2] ?? 5);
  const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  try {
    await measurePrediction(model);
    const subjects = await makeSubjects(model, folder);
    await measureEndpoints(subjects, seconds);
    await measureSignature(model, folder);
    await measureServe(model);
    await measureColdStart(subjects);
    await measureActivation();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

void main();

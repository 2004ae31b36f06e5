import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { UserError, isCancellation, messageOf } from '../core/errors';
import { InferenceClient } from '../core/inference/client';
import type { JsonValue } from '../core/inference/tensor';
import { nestedData, stringifyJson } from '../core/inference/tensorJson';
import type { Signature } from '../core/model/signature';
import { runSample, type Inference } from '../core/sample/runSample';
import type { Sample, SampleResult } from '../core/sample/sample';
import { defaultTolerance } from '../core/sample/samplesFile';
import { UsageError, type Call } from './call';
import { junitOf } from './junit';
import { admit, predictorFor } from './servers';
import type { ModelFile } from './workspace';

/** What came of one sample: `error` where it never came to outputs. */
export interface Tested {
  model: string;
  sample: string;
  /** Undefined when the sample expects nothing. */
  pass?: boolean;
  milliseconds?: number;
  problems: string[];
  error?: string;
}

/** `slipway predict` */
export async function predict(call: Call): Promise<void> {
  const { workspace, output, signal, given, values } = call;
  const [name, ...more] = given;
  if (name === undefined || more.length > 0) throw new UsageError('Name one model.');
  const model = await workspace.model(name);
  const sample = await sampleFor(model, values.sample, values.inputs);
  await withServer(call, model, async (inference, signature) => {
    const { outputs, milliseconds } = await runSample(inference, signature, sample, signal);
    const byName = Object.fromEntries(outputs.map((tensor) => [tensor.name, nestedData(tensor)]));
    output.result(
      { model: model.name, sample: sample.name, milliseconds, outputs: byName },
      outputs.map((tensor) => `${tensor.name}: ${stringifyJson(nestedData(tensor))}`).join('\n'),
    );
  });
}

/** `slipway test`: throws `UserError` `verify-failed` when a sample fails, after all were tried. */
export async function test(call: Call): Promise<void> {
  const { workspace, output, given, values } = call;
  const names = given.length > 0 ? given : workspace.models;
  if (names.length === 0) throw new UsageError('Name a model, or give slipway.json "models".');
  const tested: Tested[] = [];
  for (const name of names) tested.push(...(await testModel(call, await workspace.model(name))));
  if (values.junit !== undefined) await writeFile(values.junit, junitOf(tested));
  const failed = tested.filter(({ pass, error }) => pass === false || error !== undefined);
  output.result(
    { tested, passed: tested.length - failed.length, failed: failed.length },
    `${tested.length - failed.length} passed, ${failed.length} failed`,
  );
  if (failed.length > 0) throw new SamplesFailed();
}

/** The result is told already; what is left is the exit code. */
export class SamplesFailed extends Error {}

async function testModel(call: Call, model: ModelFile): Promise<Tested[]> {
  const { output, signal } = call;
  const samples = await model.samples();
  if (samples.length === 0) output.progress(`${model.name}: no samples`);
  const tested: Tested[] = [];
  if (samples.length === 0) return tested;
  await withServer(call, model, async (inference, signature) => {
    for (const sample of samples) {
      const result = await trySample(inference, signature, model.name, sample, signal);
      const mark = result.error !== undefined || result.pass === false ? '✗' : '✔';
      output.progress([`${mark} ${model.name}: ${sample.name}`, ...result.problems].join('\n    '));
      tested.push(result);
    }
  });
  return tested;
}

async function trySample(
  inference: Inference,
  signature: Signature,
  model: string,
  sample: Sample,
  signal: AbortSignal,
): Promise<Tested> {
  try {
    const { pass, milliseconds, mismatches } = await runSample(inference, signature, sample, signal);
    return { model, sample: sample.name, pass, milliseconds, problems: mismatches.map(words) };
  } catch (error) {
    if (isCancellation(error, signal)) throw error;
    return { model, sample: sample.name, problems: [messageOf(error)], error: messageOf(error) };
  }
}

function words({ path, message }: SampleResult['mismatches'][number]): string {
  return `${path.slice(1).join('.')}: ${message}`;
}

/** Works with the server at `--url`, or with one that is started for it. */
async function withServer(
  { settings, values, signal, output }: Call,
  model: ModelFile,
  work: (inference: Inference, signature: Signature) => Promise<void>,
): Promise<void> {
  if (values.url !== undefined) {
    const client = new InferenceClient(values.url, model.name);
    return work(client, await client.signature(signal));
  }
  await admit(model, values.loadAnyway, signal);
  const predictor = predictorFor(model, settings);
  try {
    const { signature, infer } = await predictor.connect(model.path, signal, output.progress);
    await work({ infer }, (await model.signature(signal)) ?? signature);
  } finally {
    await predictor.stopAll();
  }
}

async function sampleFor(
  model: ModelFile,
  name: string | undefined,
  inputs: string | undefined,
): Promise<Sample> {
  if (inputs !== undefined) {
    const read = inputs === '-' ? await text(process.stdin) : await readFile(inputs, 'utf8');
    return { name: 'inputs', inputs: inputsOf(read, inputs), ...defaultTolerance };
  }
  const samples = await model.samples();
  const found = name === undefined ? samples[0] : samples.find((sample) => sample.name === name);
  if (found) return found;
  throw new UserError(
    'samples-missing',
    name === undefined
      ? `${model.name} has no samples.`
      : `${model.name} has no sample ${name}; it has ${samples.map((sample) => sample.name).join(', ') || 'none'}.`,
    'Name one that is there, or give the values with --inputs FILE.json.',
  );
}

function inputsOf(read: string, file: string): Record<string, JsonValue> {
  try {
    const parsed = JSON.parse(read) as { inputs?: Record<string, JsonValue> } & Record<string, JsonValue>;
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed.inputs ?? parsed;
  } catch (error) {
    throw notInputs(file, messageOf(error), error);
  }
  throw notInputs(file, 'it is no object');
}

function notInputs(file: string, why: string, cause?: unknown): UserError {
  return new UserError(
    'sample-invalid',
    `${file} is no JSON object with inputs by name: ${why}.`,
    'Write it as {"INPUT": VALUES}.',
    { cause },
  );
}

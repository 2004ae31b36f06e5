import { writeFile } from 'node:fs/promises';
import { UserError, isCancellation } from '../core/errors';
import { fileReason } from '../core/fileErrors';
import type { Signature } from '../core/model/signature';
import { runSample, type Inference } from '../core/sample/runSample';
import type { Sample, SampleResult } from '../core/sample/sample';
import { UsageError, type Call } from './call';
import { junitOf } from './junit';
import { described } from './output';
import { withServer } from './servers';
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

/** `slipway test`: throws when a sample fails or a model can not be tested, after all were tried. */
export async function test(call: Call): Promise<void> {
  const { workspace, output, signal, given, values } = call;
  const names = given.length > 0 ? given : await workspace.allModels();
  if (names.length === 0) throw new UsageError('There is no model in this folder: name one.');
  const tested: Tested[] = [];
  const untested: unknown[] = [];
  for (const name of names) {
    try {
      tested.push(...(await testModel(call, await workspace.model(name))));
    } catch (error) {
      if (isCancellation(error, signal)) throw error;
      const { message } = described(error);
      tested.push({ model: name, sample: 'all samples', problems: [message], error: message });
      output.progress(`✗ ${name}: ${message}`);
      untested.push(error);
    }
  }
  if (values.junit !== undefined) await writeResults(values.junit, junitOf(tested));
  if (untested.length > 0) throw untested[0];
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
    const { message } = described(error);
    return { model, sample: sample.name, problems: [message], error: message };
  }
}

async function writeResults(file: string, xml: string): Promise<void> {
  try {
    await writeFile(file, xml);
  } catch (error) {
    const message = `The results can not be written to ${file}: ${fileReason(error)}.`;
    throw new UserError(
      'not-writable',
      message,
      'Name a file in a folder that is there, and that you may write to.',
      {
        cause: error,
      },
    );
  }
}

function words({ path, message }: SampleResult['mismatches'][number]): string {
  return `${path.slice(1).join('.')}: ${message}`;
}

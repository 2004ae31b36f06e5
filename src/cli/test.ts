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

/** What came of one sample: `error` where it never came to outputs, `skipped` where a model has none. */
export interface Tested {
  model: string;
  sample: string;
  /** Undefined when the sample expects nothing. */
  pass?: boolean;
  milliseconds?: number;
  problems: string[];
  error?: string;
  /** Why nothing was tested. */
  skipped?: string;
}

/** What stands in the place of a sample where a model was not tested. */
const allSamples = 'all samples';

/** `slipway test`: throws when a sample fails or a model can not be tested, after all were tried. */
export async function test(call: Call): Promise<void> {
  const { workspace, output, signal, given, values } = call;
  const names = given.length > 0 ? given : await workspace.allModels();
  if (names.length === 0) throw new UsageError('There is no model in this folder: name one.');
  const tested: Tested[] = [];
  const untested: unknown[] = [];
  for (const name of names) {
    try {
      tested.push(...(await testModel(call, await workspace.model(name), given.includes(name))));
    } catch (error) {
      if (isCancellation(error, signal)) throw error;
      const { message } = described(error);
      tested.push({ model: name, sample: allSamples, problems: [message], error: message });
      output.progress(`✗ ${name}: ${message}`);
      untested.push(error);
    }
  }
  if (values.junit !== undefined) await writeResults(values.junit, junitOf(tested));
  if (tested.every(({ skipped }) => skipped !== undefined)) untested.push(nothingTested());
  tell(call, tested, untested[0]);
  if (untested.length > 0) throw untested[0];
  if (tested.some(isFailed)) throw new SamplesFailed();
}

/** The result is told already; what is left is the exit code. */
export class SamplesFailed extends Error {}

function tell({ output }: Call, tested: Tested[], error: unknown): void {
  const failed = tested.filter(isFailed).length;
  const skipped = tested.filter((each) => each.skipped !== undefined).length;
  const passed = tested.length - failed - skipped;
  output.result(
    { tested, passed, failed, skipped, ...(error !== undefined && { error: described(error) }) },
    `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  );
}

function isFailed({ pass, error }: Tested): boolean {
  return pass === false || error !== undefined;
}

/** @param named whether somebody wants this very model to be tested, so that to skip it is no answer */
async function testModel(call: Call, model: ModelFile, named: boolean): Promise<Tested[]> {
  const { output, signal } = call;
  // What can not be read is broken, whether there are samples or not.
  await model.signature(signal);
  const samples = await model.samples();
  if (samples.length === 0) {
    const why = `${model.name} has no samples.`;
    if (named) throw new UserError('samples-missing', why, `Write some into ${model.samplesFile}.`);
    output.progress(`- ${why}`);
    return [{ model: model.name, sample: allSamples, problems: [], skipped: why }];
  }
  const tested: Tested[] = [];
  await withServer(call, model, async (inference, signature) => {
    for (const sample of samples) {
      const result = await trySample(inference, signature, model.name, sample, signal);
      output.progress(
        [`${isFailed(result) ? '✗' : '✔'} ${model.name}: ${sample.name}`, ...result.problems].join('\n    '),
      );
      tested.push(result);
    }
  });
  return tested;
}

function nothingTested(): UserError {
  return new UserError(
    'samples-missing',
    'No model of this folder has samples, so nothing was tested.',
    'Write samples for one into NAME.samples.json beside it.',
  );
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

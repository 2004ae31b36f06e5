import { UserError, isCancellation, messageOf } from '../errors';
import { InferenceClient } from '../inference/client';
import type { Signature } from '../model/signature';
import { runSample } from '../sample/runSample';
import type { Sample, SampleResult } from '../sample/sample';
import type { Release } from '../target/target';
import { untilReady } from '../target/untilReady';
import type { TaskContext } from '../task';
import { describeMismatches, differencesOf, summaryOf } from './verifyWords';

export interface Verification {
  results: SampleResult[];
  /** The known one, or what its server says. */
  signature: Signature;
  /** What was proven, in a phrase: `3 of 3 samples pass`. */
  summary: string;
}

/** A release that did not prove itself. */
export class VerifyError extends UserError {
  constructor(
    message: string,
    /** Of the samples that were run, also those that pass; empty when it never came to that. */
    readonly results: SampleResult[] = [],
    options?: ErrorOptions,
  ) {
    super('verify-failed', message, 'Correct the model or its samples, then deploy again.', options);
  }
}

/**
 * Proves a release before it gets traffic: it is ready, its metadata is the model's signature where that is known, and every sample
 * passes on it.
 * @param ended Says why the release can not become ready any more; undefined while it still can.
 * @throws VerifyError that names the samples and values which are not as expected.
 */
export async function verifyRelease(
  release: Release,
  known: Signature | undefined,
  samples: Sample[],
  task: TaskContext,
  ended: () => Promise<string | undefined> = () => Promise.resolve(undefined),
): Promise<Verification> {
  const name = `Revision ${String(release.revision)} of ${release.model.name}`;
  task.report('Waiting until it is ready');
  const client = await readyClient(release, name, task.signal, ended);

  const differences = known ? differencesOf(known, await client.metadata(task.signal)) : [];
  const signature = known ?? (await client.signature(task.signal));
  if (differences.length > 0) {
    throw new VerifyError(`${name} serves another model than the file: ${differences.join('; ')}.`);
  }
  const results: SampleResult[] = [];
  for (const [index, sample] of samples.entries()) {
    task.report(`Sample ${String(index + 1)} of ${String(samples.length)}: ${sample.name}`);
    results.push(await run(client, signature, sample, results, task.signal));
  }
  if (results.some((result) => result.pass === false)) {
    throw new VerifyError(describeMismatches(name, results), results);
  }
  return { results, signature, summary: summaryOf(results) };
}

async function readyClient(
  release: Release,
  name: string,
  signal: AbortSignal,
  ended: () => Promise<string | undefined>,
): Promise<InferenceClient> {
  try {
    await untilReady({ name, url: release.url }, signal, ended);
  } catch (error) {
    if (isCancellation(error, signal)) throw error;
    throw new VerifyError(messageOf(error), [], { cause: error });
  }
  return new InferenceClient(release.url ?? '', release.model.name);
}

/** A sample on which the server fails altogether is evidence too: `before` are the results so far. */
async function run(
  client: InferenceClient,
  signature: Signature,
  sample: Sample,
  before: SampleResult[],
  signal: AbortSignal,
): Promise<SampleResult> {
  try {
    return await runSample(client, signature, sample, signal);
  } catch (error) {
    if (isCancellation(error, signal)) throw error;
    throw new VerifyError(`Sample ${sample.name}: ${messageOf(error)}`, before, { cause: error });
  }
}

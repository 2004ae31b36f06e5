import type { SampleResult } from '../sample/sample';
import { sampleTensors } from '../sample/sampleTensors';
import type { SampleProof } from '../target/proof';
import type { Release, Target } from '../target/target';
import type { TaskContext } from '../task';
import type { Deployment } from './deploy';
import { loadTest } from './loadTest';
import { verifyRelease } from './verify';

export interface Proven {
  /** What was proven, in a phrase. */
  words: string;
  results: SampleResult[];
}

/** Runs the samples of a deployment on a release that runs, then the load that it has to bear. */
export async function prove(
  target: Target,
  release: Release,
  { signature, samples, load }: Deployment,
  task: TaskContext,
): Promise<Proven> {
  const {
    summary,
    results,
    signature: known,
  } = await verifyRelease(release, signature, samples, task, () => whyEnded(target, release, task.signal));
  if (!load) return { words: summary, results };
  const inputs = samples.map((sample) => sampleTensors(known, sample));
  return { words: `${summary}; ${await loadTest(release, inputs, load, task)}`, results };
}

/** A result as it is kept with the release. */
export function sampleProof({ sample, pass, milliseconds }: SampleResult): SampleProof {
  const result = pass === undefined ? 'predicted' : pass ? 'passed' : 'failed';
  return { name: sample, result, milliseconds };
}

/** Why a candidate will not become ready: it does not run any more. */
async function whyEnded(
  target: Target,
  candidate: Release,
  signal: AbortSignal,
): Promise<string | undefined> {
  const now = (await target.list(signal)).find((release) => release.id === candidate.id);
  if (!now) return 'It was removed.';
  if (now.health === 'deleting') return 'It is being removed.';
  return now.health === 'stopped' ? (now.detail ?? 'It stopped.') : undefined;
}

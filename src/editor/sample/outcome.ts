import { messageOf, UserError } from '../../core/errors';
import { stringifyJson } from '../../core/inference/tensorJson';
import type { Tensor } from '../../core/inference/tensor';
import { compare } from '../../core/sample/compare';
import type { Problem, Sample } from '../../core/sample/sample';

/** What a model gave, or why it gave nothing, for the inputs that a sample had then. */
export interface Outcome {
  /** {@link inputsOf} the sample when it was run. */
  inputs: string;
  answer: { outputs: Tensor[]; milliseconds: number } | { error: unknown };
  /** Where it ran, when that was not the server behind the editor's own predictions: `staging/iris/3`. */
  where?: string;
  /** The model file has changed since. */
  outdated: boolean;
}

/** What an outcome says about the sample as it is written now. */
export interface Verdict {
  /** `done`: it predicted, and nothing is expected. `error`: it did not predict. */
  kind: 'pass' | 'fail' | 'done' | 'error';
  outputs: Tensor[];
  milliseconds: number;
  /** Values that are not as expected, by their paths. */
  mismatches: Problem[];
  /** Why it did not predict, and what to do about it. */
  error?: { message: string; next?: string };
  where?: string;
  /** The inputs or the model have changed since: it says nothing about how they are now. */
  stale: boolean;
}

/** The inputs of a sample, comparable: how they are laid out in the file does not matter. */
export function inputsOf(sample: Sample): string {
  return stringifyJson(sample.inputs);
}

/** Judges by the expected values that stand in the sample now: changing them needs no new prediction. */
export function judge({ answer, inputs, outdated, where }: Outcome, sample: Sample): Verdict {
  const stale = outdated || inputs !== inputsOf(sample);
  if ('error' in answer) {
    const next = answer.error instanceof UserError ? answer.error.next : undefined;
    const error = { message: messageOf(answer.error), next };
    return { kind: 'error', outputs: [], milliseconds: 0, mismatches: [], error, where, stale };
  }
  const mismatches = sample.expected ? compare(sample.expected, answer.outputs, sample) : [];
  const kind = !sample.expected ? 'done' : mismatches.length === 0 ? 'pass' : 'fail';
  return { kind, ...answer, mismatches, where, stale };
}

import type { ServedModel } from '../endpoint/endpoint';
import { UserError, isCancellation, messageOf } from '../errors';
import type { Signature } from '../model/signature';
import type { Sample } from '../sample/sample';
import { sampleTensors } from '../sample/sampleTensors';
import type { Release, ReleaseRequest, Target } from '../target/target';
import type { TaskContext } from '../task';
import { tailOf } from './tailOf';
import { VerifyError, verifyRelease } from './verify';

/** The pipeline, in order. */
export const deploySteps = ['check', 'build', 'candidate', 'verify', 'promote'] as const;
export type DeployStep = (typeof deploySteps)[number];

export interface Deployment {
  model: ServedModel;
  /** What the file says that the model takes and gives; absent where only its server can say it. */
  signature?: Signature;
  /** May be empty: then only readiness and the signature are checked, and the verify step says so. */
  samples: Sample[];
  /** What is new in this revision, in the words of the one who deploys it. */
  note: string;
}

export interface DeployTask extends TaskContext {
  /** Called when a step begins and when it ends; `detail` says what came of it. */
  onStep(step: DeployStep, state: 'running' | 'done' | 'failed', detail?: string): void;
}

/** How long cleaning up after a failed deploy may take, in milliseconds. It can not be cancelled. */
const CLEANUP_MS = 60_000;
const LOG_LINES = 20;

/**
 * Takes a model to traffic on a target: the new revision runs beside the one that serves, is proven with the samples, and only then
 * gets the traffic. When a step fails or the task is cancelled, what served before goes on and the new revision is removed.
 */
export async function deploy(target: Target, deployment: Deployment, task: DeployTask): Promise<Release> {
  const { model, signature, samples, note } = deployment;
  const request: ReleaseRequest = { model, note };

  await step(task, 'check', async () => {
    if (signature) for (const sample of samples) sampleTensors(signature, sample);
    await target.check(request, task);
  });
  const digest = await step(task, 'build', () => target.build(request, task), shortDigest);
  const candidate = await step(task, 'candidate', () => target.apply(request, digest, task), nameOf);
  try {
    await step(
      task,
      'verify',
      () =>
        verifyRelease(candidate, signature, samples, task, () => whyEnded(target, candidate, task.signal)),
      (verification) => verification.summary,
    );
    return await step(task, 'promote', () => target.promote(candidate, task), whereItServes);
  } catch (error) {
    throw await withdraw(target, candidate, error, task);
  }
}

async function step<T>(
  task: DeployTask,
  name: DeployStep,
  work: () => Promise<T>,
  describe: (result: T) => string | undefined = () => undefined,
): Promise<T> {
  task.signal.throwIfAborted();
  task.onStep(name, 'running');
  try {
    const result = await work();
    task.onStep(name, 'done', describe(result));
    return result;
  } catch (error) {
    task.onStep(name, 'failed', isCancellation(error, task.signal) ? 'cancelled' : messageOf(error));
    throw error;
  }
}

/** Takes the candidate of a failed deploy out of the way. Resolves to the error to throw: with its log, and with what is left. */
async function withdraw(
  target: Target,
  candidate: Release,
  error: unknown,
  task: DeployTask,
): Promise<unknown> {
  const cancelled = isCancellation(error, task.signal);
  // A server that answered with other values than expected has nothing to add.
  const brokeDown = error instanceof VerifyError && !error.results.some((result) => result.pass === false);
  const log = brokeDown ? await tailOf((signal) => target.logs(candidate, signal), LOG_LINES) : [];
  const signal = AbortSignal.timeout(CLEANUP_MS);
  const reason = cancelled ? 'The deploy was cancelled.' : messageOf(error);
  task.report(`Removing ${nameOf(candidate)}`);
  try {
    await target.fail(candidate, reason, { signal, report: (message) => task.report(message) });
  } catch (leftover) {
    return new UserError(
      error instanceof UserError ? error.code : 'engine-refused',
      `${reason}\nLeft behind is ${nameOf(candidate)}: ${messageOf(leftover)}`,
      `Look at ${candidate.target}, and remove it there.`,
      { cause: error },
    );
  }
  if (!(error instanceof UserError) || log.length === 0) return error;
  const told = [error.message, `The last lines of its log:`, ...log].join('\n');
  return new UserError(error.code, told, error.next, { cause: error });
}

/** Why a candidate will not become ready: it does not run any more. */
async function whyEnded(
  target: Target,
  candidate: Release,
  signal: AbortSignal,
): Promise<string | undefined> {
  const now = (await target.list(signal)).find((release) => release.id === candidate.id);
  if (!now) return 'it was removed.';
  return now.health === 'stopped' ? (now.detail ?? 'it stopped.') : undefined;
}

function nameOf(release: Release): string {
  return `revision ${String(release.revision)} of ${release.model.name}`;
}

function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

function whereItServes(release: Release): string | undefined {
  return release.stableUrl && `${nameOf(release)} serves at ${release.stableUrl}`;
}

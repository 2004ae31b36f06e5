import { createHash } from 'node:crypto';
import type { ServedModel } from '../endpoint/endpoint';
import { UserError, isCancellation, messageOf } from '../errors';
import { stringifyJson } from '../inference/jsonText';
import type { Built } from '../image/buildImages';
import type { Signature } from '../model/signature';
import type { Sample } from '../sample/sample';
import { sampleTensors } from '../sample/sampleTensors';
import { proofText } from '../target/proof';
import type { Release, ReleaseRequest, Standing, Target } from '../target/target';
import type { TaskContext } from '../task';
import { runCanary, type CanaryOptions } from './canary';
import type { DeployStep } from './deploySteps';
import type { LoadOptions } from './loadTest';
import { prove, sampleProof } from './prove';
import { releaseWords } from './releaseId';
import { findSame, proveAgain, wordsAgain } from './sameAgain';
import { withdraw } from './withdraw';

export { deploySteps, stepsFor, type DeployStep } from './deploySteps';

/** How a candidate comes to its traffic. */
export interface Rollout {
  /** A load that it has to bear before; default: none. */
  load?: LoadOptions;
  /** Parts of the traffic before all of it; default: all at once. */
  canary?: CanaryOptions;
}

export interface Deployment extends Rollout {
  model: ServedModel;
  /** What the file says that the model takes and gives; absent where only its server can say it. */
  signature?: Signature;
  /** May be empty: then only readiness and the signature are checked, and the verify step says so. */
  samples: Sample[];
  /** What is new in this revision, in the words of the one who deploys it. */
  note: string;
  /** Commit of the workspace, as {@link commitOf} says it. */
  commit?: string;
  /** Makes a new revision also where the very same serves already. */
  anyway?: boolean;
}

export interface Deployed {
  release: Release;
  /** The very same served already: nothing was changed. */
  unchanged: boolean;
}

export interface DeployTask extends TaskContext {
  /** Called when a step begins and when it ends; `detail` says what came of it. */
  onStep(step: DeployStep, state: 'running' | 'done' | 'failed', detail?: string): void;
}

/**
 * Takes a model to traffic on a target: the new revision runs beside the one that serves, is proven with the samples, and only then
 * gets the traffic. When a step fails or the task is cancelled, what served before goes on and the new revision is removed. Where the very
 * same serves already it is proven again, and only what stands around it is brought to what the target's configuration says.
 */
export async function deploy(target: Target, deployment: Deployment, task: DeployTask): Promise<Deployed> {
  const request = requestOf(deployment);
  await step(task, 'check', () => check(target, deployment, request, task), warningsOf);
  const built = await step(task, 'build', () => target.build(request, task), shortDigests);
  const digest = target.push
    ? await step(task, 'push', async () => (await target.push?.(request, built, task)) ?? built[0])
    : built[0];
  const same = deployment.anyway ? undefined : await findSame(target, request, digest, task.signal);
  if (same) {
    const settled = await step(task, 'verify', () => proveAgain(target, same, deployment, task), wordsAgain);
    return { release: settled.release, unchanged: settled.changes.length === 0 };
  }
  const candidate = await step(task, 'candidate', () => target.apply(request, digest, task), releaseWords);
  return { release: await finishDeploy(target, candidate, deployment, task), unchanged: false };
}

/** The second half of {@link deploy}: proves a candidate that runs, also one that an interrupted deploy left, and gives it the traffic. */
export async function finishDeploy(
  target: Target,
  candidate: Release,
  deployment: Deployment,
  task: DeployTask,
): Promise<Release> {
  const undo = { shared: false };
  try {
    const proof = await step(
      task,
      'verify',
      () => prove(target, candidate, deployment, task),
      ({ words }) => words,
    );
    let seen: string | undefined;
    return await step(
      task,
      'traffic',
      async () => {
        seen = await giveParts(target, candidate, deployment.canary, undo, task);
        const words = seen ? `${proof.words}; ${seen}` : proof.words;
        return target.promote(candidate, task, proofText(words, proof.results.map(sampleProof)));
      },
      (release) => [seen, whereItServes(release)].filter(Boolean).join('; '),
    );
  } catch (error) {
    throw await withdraw(target, candidate, error, undo.shared, task);
  }
}

/** What is asked of the target. */
export function requestOf({ model, note, commit, samples }: Deployment): ReleaseRequest {
  return { model, note, commit, ...(samples.length > 0 && { samplesHash: samplesHash(samples) }) };
}

/** Of what the samples are, not of where in their file they stand. */
function samplesHash(samples: Sample[]): string {
  const facts = samples.map(({ name, inputs, expected = {}, rtol, atol }) => ({
    name,
    inputs,
    expected,
    rtol,
    atol,
  }));
  return createHash('sha256').update(stringifyJson(facts)).digest('hex');
}

async function check(
  target: Target,
  { signature, samples, canary, load }: Deployment,
  request: ReleaseRequest,
  task: TaskContext,
): Promise<Standing> {
  if (signature) for (const sample of samples) sampleTensors(signature, sample);
  if (load && samples.length === 0) {
    throw new UserError(
      'samples-missing',
      `${request.model.name} has no samples that a load could be made of.`,
      `Make some, or remove "load" from ${target.name} in slipway.json.`,
    );
  }
  if (canary && !target.setTraffic) {
    throw new UserError(
      'config-invalid',
      `${target.name} can not give a release a part of the traffic.`,
      `Remove "canary" from ${target.name} in slipway.json.`,
    );
  }
  return target.check(request, task);
}

/** Without a release that serves there is nobody whose traffic could be divided. */
async function giveParts(
  target: Target,
  candidate: Release,
  canary: CanaryOptions | undefined,
  undo: { shared: boolean },
  task: TaskContext,
): Promise<string | undefined> {
  if (!canary) return undefined;
  const serving = (await target.list(task.signal)).find(
    ({ model, state }) => model.name === candidate.model.name && state === 'serving',
  );
  if (!serving) return undefined;
  undo.shared = true;
  try {
    return await runCanary(target, candidate, serving, canary, task);
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'traffic-undivided') throw error;
    // It was proven beside the one that serves, which is all that can be had there.
    task.report(error.message);
    return error.message;
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

function shortDigests(built: Built): string {
  return built.map((digest) => digest.replace(/^sha256:/, '').slice(0, 12)).join(', ');
}

function warningsOf({ warnings }: Standing): string | undefined {
  return warnings.join(' ') || undefined;
}

function whereItServes(release: Release): string | undefined {
  return release.stableUrl && `${releaseWords(release)} serves at ${release.stableUrl}`;
}

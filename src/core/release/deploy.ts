import { createHash } from 'node:crypto';
import type { ServedModel } from '../endpoint/endpoint';
import { UserError, isCancellation, messageOf } from '../errors';
import type { Built } from '../image/buildImages';
import type { Signature } from '../model/signature';
import type { Sample, SampleResult } from '../sample/sample';
import { sampleTensors } from '../sample/sampleTensors';
import { proofText, type SampleProof } from '../target/proof';
import type { Release, ReleaseRequest, Standing, Target } from '../target/target';
import type { TaskContext } from '../task';
import { runCanary, type CanaryOptions } from './canary';
import type { DeployStep } from './deploySteps';
import { loadTest, type LoadOptions } from './loadTest';
import { tailOf } from './tailOf';
import { VerifyError, verifyRelease } from './verify';

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

/** How long cleaning up after a failed deploy may take, in milliseconds. It can not be cancelled. */
const CLEANUP_MS = 60_000;
const LOG_LINES = 20;

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
  const candidate = await step(task, 'candidate', () => target.apply(request, digest, task), nameOf);
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

function samplesHash(samples: Sample[]): string {
  return createHash('sha256').update(JSON.stringify(samples)).digest('hex');
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

/** The release that serves, when a deploy would make the very same again. */
async function findSame(
  target: Target,
  request: ReleaseRequest,
  digest: string,
  signal: AbortSignal,
): Promise<Release | undefined> {
  const { model, samplesHash } = request;
  return (await target.list(signal)).find(
    (release) =>
      release.model.name === model.name &&
      release.state === 'serving' &&
      release.traffic === 100 &&
      isUp(release) &&
      release.digest === digest &&
      release.samplesHash === samplesHash &&
      release.settings === target.settings,
  );
}

/** Where some of its servers are missing, those that are ready serve all of it. */
function isUp({ health, replicas }: Release): boolean {
  return health === 'ready' || (health === 'degraded' && (replicas?.ready ?? 0) > 0);
}

/** What serves already, and what around it was not as the target's configuration says by now. */
interface ProvenAgain {
  release: Release;
  words: string;
  changes: string[];
}

async function proveAgain(
  target: Target,
  release: Release,
  deployment: Deployment,
  task: DeployTask,
): Promise<ProvenAgain> {
  const { words } = await prove(target, release, deployment, task);
  const changes = (await target.settle?.(release, task)) ?? [];
  if (changes.length === 0) return { release, words, changes };
  const now = (await target.list(task.signal)).find(({ id }) => id === release.id);
  return { release: now ?? release, words, changes };
}

function wordsAgain({ release, words, changes }: ProvenAgain): string {
  return [`${nameOf(release)} serves this already`, words, changes.join(', ')].filter(Boolean).join('; ');
}

interface Proven {
  /** What was proven, in a phrase. */
  words: string;
  results: SampleResult[];
}

async function prove(
  target: Target,
  release: Release,
  { signature, samples, load }: Deployment,
  task: DeployTask,
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

function sampleProof({ sample, pass, milliseconds }: SampleResult): SampleProof {
  const result = pass === undefined ? 'predicted' : pass ? 'passed' : 'failed';
  return { name: sample, result, milliseconds };
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

/** Takes the candidate of a failed deploy out of the way. Resolves to the error to throw: with its log, and with what is left. */
async function withdraw(
  target: Target,
  candidate: Release,
  error: unknown,
  shared: boolean,
  task: DeployTask,
): Promise<unknown> {
  const cancelled = isCancellation(error, task.signal);
  // A server that answered with other values than expected has nothing to add.
  const brokeDown =
    error instanceof VerifyError
      ? !error.results.some((result) => result.pass === false)
      : error instanceof UserError && error.code === 'canary-failed';
  let log: string[] = [];
  const signal = AbortSignal.timeout(CLEANUP_MS);
  const reason = cancelled ? 'The deploy was cancelled.' : messageOf(error);
  task.report(`Removing ${nameOf(candidate)}`);
  try {
    const cleanup = { signal, report: (message: string) => task.report(message) };
    if (shared) await target.setTraffic?.(candidate, 0, cleanup);
    if (brokeDown) log = await tailOf((until) => target.logs(candidate, until), LOG_LINES);
    await target.fail(candidate, reason, cleanup);
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
  if (!now) return 'It was removed.';
  if (now.health === 'deleting') return 'It is being removed.';
  return now.health === 'stopped' ? (now.detail ?? 'It stopped.') : undefined;
}

function nameOf(release: Release): string {
  return `revision ${String(release.revision)} of ${release.model.name}`;
}

function shortDigests(built: Built): string {
  return built.map((digest) => digest.replace(/^sha256:/, '').slice(0, 12)).join(', ');
}

function warningsOf({ warnings }: Standing): string | undefined {
  return warnings.join(' ') || undefined;
}

function whereItServes(release: Release): string | undefined {
  return release.stableUrl && `${nameOf(release)} serves at ${release.stableUrl}`;
}

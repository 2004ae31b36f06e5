import { hostname, userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import type { ReleaseRequest } from '../target';
import type { Subject } from '../kubernetes/addressManifests';
import { apiStatusOf } from '../kubernetes/clusterErrors';
import type { KubeContext } from '../kubernetes/kubeconfig';
import type { NamespaceApi } from '../kubernetes/namespaceApi';
import { addressName, revisionName } from '../kubernetes/names';
import { kinds, type Pod } from '../kubernetes/objects';
import { lastWordsOf } from '../kubernetes/podLogs';
import { problemOf, runs, stageOf } from '../kubernetes/podWords';
import { isReady } from '../kubernetes/revisions';
import { nameOf } from '../kubernetes/site';
import {
  addressInferenceService,
  candidateService,
  settingsOf,
  type Division,
  type InferenceService,
  type KeptRevision,
} from './inferenceService';
import { detect, dividesTraffic, type Installation, type Served } from './installation';
import type { KServeConfig } from './options';
import { listFound, readAddressService, type FoundRevision } from './services';

/** How many retired revisions of a model are kept for a roll-back. */
const KEPT = 3;
/** How long servers may take to run, in milliseconds. */
const RUN_MS = 600_000;
const POLL_MS = 300;
/** How long cleaning up may take, in milliseconds. It can not be cancelled. */
const CLEANUP_MS = 30_000;

export interface KServeSite {
  target: string;
  context: KubeContext;
  api: NamespaceApi;
  config: KServeConfig;
}

/** Starts the next revision in an InferenceService of its own, and resolves when a server of it runs. When it fails nothing is left. */
export async function startCandidate(
  site: KServeSite,
  request: ReleaseRequest,
  image: string,
  task: TaskContext,
): Promise<number> {
  const of = { target: site.target, model: request.model.name };
  const served = await installationFor(site, of, task.signal);
  const kept = await createRevision(site, of, request, image, served, task);
  try {
    await untilPods(site, of, kept.revision, (pods) => pods.some(runs), 'runs', task);
    return kept.revision;
  } catch (error) {
    await removeCandidate(site, of.model, kept.revision, AbortSignal.timeout(CLEANUP_MS));
    throw error;
  }
}

/** Two deploys at the same time may want the same number: the cluster gives the name to one, and the other takes the next. */
async function createRevision(
  site: KServeSite,
  of: Subject,
  request: ReleaseRequest,
  image: string,
  served: Served,
  task: TaskContext,
): Promise<KeptRevision> {
  for (let revision = await nextRevision(site, of, task.signal); ; revision++) {
    task.signal.throwIfAborted();
    task.report(`Starting ${nameOf(revision, of.model)}`);
    const kept = keptRevision(site.config, request, image, revision);
    try {
      await site.api.create(candidateService(site.config, of, kept, served), new AbortController().signal);
      return kept;
    } catch (error) {
      if (apiStatusOf(error) !== 409) throw error;
    }
  }
}

/** What is written down of a revision that is made now. */
export function keptRevision(
  config: KServeConfig,
  { model, note, samplesHash, commit }: ReleaseRequest,
  image: string,
  revision: number,
): KeptRevision {
  const author = `${userInfo().username}@${hostname()}`;
  const created = new Date().toISOString();
  const settings = settingsOf(config);
  return { model, note, samplesHash, commit, image, revision, author, created, settings };
}

export async function nextRevision(site: KServeSite, of: Subject, signal: AbortSignal): Promise<number> {
  const found = await listFound(site.api, of, signal);
  return Math.max(0, ...found.map(({ kept }) => kept.revision)) + 1;
}

/** Gives the model's InferenceService this revision, without a gap, and takes the candidate away. */
export async function promote(
  site: KServeSite,
  found: FoundRevision,
  proof: string | undefined,
  task: TaskContext,
): Promise<void> {
  // As many servers as the target has: what a candidate was scaled to is over.
  const kept = { ...found.kept, scaled: undefined, ...(proof !== undefined && { proof }) };
  const of = { target: site.target, model: kept.model.name };
  const served = await installationFor(site, of, task.signal);
  const before = await readAddressService(site.api, of, task.signal);
  const serving = before?.history.find(({ revision }) => revision === before.serving);
  task.report(`Moving the traffic to ${nameOf(kept.revision, of.model)}`);
  const history = historyWith(before?.history ?? [], kept);
  if (
    served.mode === 'Knative' &&
    serving &&
    serving.revision !== kept.revision &&
    before?.canary?.revision !== kept.revision
  ) {
    // First without traffic: Knative sends all of it to the newest revision that is ready, which may be another one still.
    const division = { serving, canary: { kept, percent: 0 } };
    await site.api.apply(addressInferenceService(site.config, of, division, history, served), task.signal);
    await untilLatestReady(site, of, kept.revision, task);
  }
  await site.api.apply(
    addressInferenceService(site.config, of, { serving: kept }, history, served),
    task.signal,
  );
  await untilPods(
    site,
    of,
    kept.revision,
    (pods) => pods.some((pod) => isReady(pod) && isOf(pod, addressName(of.model))),
    'is ready',
    task,
  );
  await untilRolledOut(site, of, task);
  if (found.candidate) await removeCandidate(site, of.model, kept.revision, AbortSignal.timeout(CLEANUP_MS));
}

/** Gives a candidate a part of the traffic, or takes it back with 0. */
export async function share(
  site: KServeSite,
  found: FoundRevision,
  percent: number,
  task: TaskContext,
): Promise<void> {
  const { kept } = found;
  const of = { target: site.target, model: kept.model.name };
  const served = await installationFor(site, of, task.signal);
  const before = await readAddressService(site.api, of, task.signal);
  const serving = before?.history.find(({ revision }) => revision === before.serving);
  if (!before || !serving) {
    const words = `No release of ${of.model} serves on ${of.target} whose traffic could be divided.`;
    throw new UserError('release-missing', words, 'Promote one first.');
  }
  if (percent === 0 && before.canary?.revision !== kept.revision) return;
  if (!dividesTraffic(served)) {
    throw new UserError(
      'traffic-undivided',
      `KServe in the mode ${served.word ?? served.mode} can not divide the traffic of ${of.model}: a release gets all of it at once.`,
      'Promote the release, or use a target of the kind "kubernetes".',
    );
  }
  const division: Division = { serving, canary: { kept, percent } };
  const history = historyWith(before.history, kept);
  await site.api.apply(addressInferenceService(site.config, of, division, history, served), task.signal);
  await untilLatestReady(site, of, kept.revision, task);
}

export function installationFor(site: KServeSite, of: Subject, signal: AbortSignal): Promise<Installation> {
  const existing = site.api.get<InferenceService>(kinds.inferenceService, addressName(of.model), signal);
  return existing.then((service) => detect(site.api, service, site.config.mode, signal));
}

/** Takes a revision's own InferenceService away. */
export async function removeCandidate(
  site: KServeSite,
  model: string,
  revision: number,
  signal: AbortSignal,
): Promise<void> {
  await site.api.remove(kinds.inferenceService, revisionName(model, revision), signal);
}

/** The newest, and as many before it as are kept. */
function historyWith(history: KeptRevision[], kept: KeptRevision): KeptRevision[] {
  const others = history.filter(({ revision }) => revision !== kept.revision);
  return [kept, ...others.sort((a, b) => b.revision - a.revision)].slice(0, KEPT + 1);
}

async function untilLatestReady(
  site: KServeSite,
  of: Subject,
  revision: number,
  task: TaskContext,
): Promise<void> {
  await untilService(site, of, revision, task, ({ status }) => {
    const { latestCreatedRevision, latestReadyRevision } = status?.components?.predictor ?? {};
    return latestReadyRevision !== undefined && latestReadyRevision === latestCreatedRevision;
  });
}

async function untilRolledOut(site: KServeSite, of: Subject, task: TaskContext): Promise<void> {
  await untilService(site, of, undefined, task, ({ status }) =>
    (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  );
}

/** Resolves when KServe has taken over what was written, and `reached` holds. */
async function untilService(
  site: KServeSite,
  of: Subject,
  revision: number | undefined,
  task: TaskContext,
  reached: (service: InferenceService) => boolean,
): Promise<void> {
  for (const deadline = Date.now() + RUN_MS; ; await sleep(POLL_MS, undefined, { signal: task.signal })) {
    const state = await readAddressService(site.api, of, task.signal);
    const { metadata, status } = state?.service ?? {};
    const seen =
      status?.observedGeneration === undefined || status.observedGeneration >= (metadata?.generation ?? 0);
    if (state && seen && reached(state.service)) return;
    if (revision !== undefined) await assertPossible(site, of, revision, task.signal);
    if (Date.now() > deadline) throw notReady(`KServe did not make ${of.model} ready in time.`);
  }
}

async function untilPods(
  site: KServeSite,
  of: Subject,
  revision: number,
  reached: (pods: Pod[]) => boolean,
  words: string,
  task: TaskContext,
): Promise<void> {
  const name = nameOf(revision, of.model);
  let said = '';
  for (const deadline = Date.now() + RUN_MS; ; await sleep(POLL_MS, undefined, { signal: task.signal })) {
    const pods = await assertPossible(site, of, revision, task.signal);
    if (reached(pods)) return;
    if (Date.now() > deadline)
      throw notReady(`${name} was not there after ${String(RUN_MS / 60_000)} minutes.`);
    const [waiting] = pods.filter((pod) => !isReady(pod));
    const progress = `Waiting until ${name} ${words}${waiting ? `: ${problemOf(waiting)?.words ?? stageOf(waiting)}` : ''}`;
    if (progress !== said) task.report((said = progress));
  }
}

/** Throws when a pod of the revision will not run; resolves to its pods. */
async function assertPossible(
  site: KServeSite,
  of: Subject,
  revision: number,
  signal: AbortSignal,
): Promise<Pod[]> {
  const found = (await listFound(site.api, of, signal)).find(({ kept }) => kept.revision === revision);
  if (!found)
    throw new UserError(
      'release-missing',
      `${nameOf(revision, of.model)} was removed from ${of.target} just now.`,
    );
  const pods = found.pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  for (const pod of pods) {
    const problem = problemOf(pod);
    if (!problem?.ended) continue;
    const last = problem.crashed ? await lastWordsOf(site.api, pod, signal) : [];
    const tail = last.length > 0 ? ['The last lines of its log:', ...last] : [];
    throw notReady(
      [`Revision ${String(revision)} of ${of.model} does not start. ${problem.words}`, ...tail].join('\n'),
    );
  }
  return pods;
}

/** Whether a pod belongs to the InferenceService of this name. */
function isOf({ metadata }: Pod, service: string): boolean {
  return metadata.labels?.['serving.kserve.io/inferenceservice'] === service;
}

function notReady(message: string): UserError {
  return new UserError('endpoint-not-ready', message, 'Look at its log for the reason.');
}

import { hostname, userInfo } from 'node:os';
import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import type { ReleaseRequest } from '../target';
import type { Subject } from '../kubernetes/addressManifests';
import { apiStatusOf, clusterError } from '../kubernetes/clusterErrors';
import { revisionName } from '../kubernetes/names';
import { kinds } from '../kubernetes/objects';
import { runs } from '../kubernetes/podWords';
import { nameOf } from '../kubernetes/site';
import { assertOurs } from './address';
import { candidateService, settingsOf, type KeptRevision } from './inferenceService';
import type { Served } from './installation';
import type { KServeConfig } from './options';
import { untilFound } from './rollout';
import { listFound, readAddressService } from './services';
import { installationFor, type KServeSite } from './site';

/** How long cleaning up may take, in milliseconds. It can not be cancelled. */
const CLEANUP_MS = 30_000;

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
    await untilFound(site, of, kept.revision, ({ pods }) => pods.some(runs), 'runs', task);
    return kept.revision;
  } catch (error) {
    throw await cleanedUp(site, of, kept.revision, error, task);
  }
}

/** Removes a candidate that did not start. Resolves to the error to throw: with what is left. */
async function cleanedUp(
  site: KServeSite,
  of: Subject,
  revision: number,
  error: unknown,
  task: TaskContext,
): Promise<unknown> {
  const name = nameOf(revision, of.model);
  const inWords = (what: unknown, doing: string) =>
    clusterError(what, `${doing} ${name} on ${site.target}`, site.context.server);
  try {
    await removeCandidate(site, of.model, revision, AbortSignal.timeout(CLEANUP_MS));
    return error;
  } catch (leftover) {
    const words = `Left behind is ${name}: ${inWords(leftover, 'remove').message}`;
    task.report(words);
    const { code, message } = inWords(error, 'start');
    const next = `Look at ${site.target}, and remove it there.`;
    return new UserError(code, `${message}\n${words}`, next, { cause: error });
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

/** The number that the next revision of a model gets. Throws where the model's name is somebody else's. */
export async function nextRevision(site: KServeSite, of: Subject, signal: AbortSignal): Promise<number> {
  const [found, address] = await Promise.all([
    listFound(site.api, of, signal),
    readAddressService(site.api, of, signal),
  ]);
  assertOurs(site, of, address);
  return Math.max(0, address?.newest ?? 0, ...found.map(({ kept }) => kept.revision)) + 1;
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

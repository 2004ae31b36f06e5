import { hostname, userInfo } from 'node:os';
import { UserError, messageOf } from '../../errors';
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
    const left = await removeCandidate(site, of.model, kept.revision, AbortSignal.timeout(CLEANUP_MS)).then(
      () => undefined,
      messageOf,
    );
    if (left === undefined) throw error;
    const name = nameOf(kept.revision, of.model);
    const words = `Left behind is ${name}: ${left}`;
    task.report(words);
    const { code, message } = clusterError(error, `start ${name} on ${site.target}`, site.context.server);
    throw new UserError(code, `${message}\n${words}`, `Look at ${site.target}, and remove it there.`, {
      cause: error,
    });
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

import { hostname, userInfo } from 'node:os';
import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import type { ReleaseRequest } from '../target';
import { revisionService } from './addressManifests';
import { apiStatusOf } from './clusterErrors';
import { deploymentOf } from './deploymentManifest';
import { assertHostFree } from './hosts';
import { assertOurs, assertOwn } from './ownership';
import { revisionName } from './names';
import { kinds } from './objects';
import { removeRevision } from './removal';
import { listRevisions, type RevisionRecord } from './revisions';
import { running, until } from './rollout';
import { nameOf, type Site } from './site';
import { readAddress } from './traffic';

/** How long cleaning up may take, in milliseconds. It can not be cancelled. */
const CLEANUP_MS = 30_000;

/** Starts the next revision of a model beside the others, and resolves when a server of it runs. When it fails nothing is left. */
export async function startCandidate(
  site: Site,
  request: ReleaseRequest,
  image: string,
  task: TaskContext,
): Promise<RevisionRecord> {
  await assertOurs(site, request.model.name, task.signal);
  await assertHostFree(site, request.model.name, task.signal);
  const revision = await createRevision(site, request, image, task);
  const of = { model: request.model.name, revision };
  try {
    task.signal.throwIfAborted();
    if (site.config.gateway) {
      const name = revisionName(of.model, revision);
      await assertOwn(site, of.model, kinds.service, name, task.signal);
      await site.api.apply(revisionService({ target: site.target, model: of.model }, revision), task.signal);
    }
    return await until(running, site, of, task);
  } catch (error) {
    throw withLeft(error, await removeRevision(site, of, AbortSignal.timeout(CLEANUP_MS)), task);
  }
}

/** The error with what could not be removed after it. A cancel has no words of its own: it is reported there. */
function withLeft(error: unknown, left: string[], task: TaskContext): unknown {
  if (left.length === 0) return error;
  const words = `Left behind: ${left.join('; ')}`;
  task.report(words);
  if (!(error instanceof UserError)) return error;
  return new UserError(error.code, `${error.message}\n${words}`, error.next, { cause: error });
}

/** Two deploys at the same time may want the same number: the cluster gives the name to one, and the other takes the next. */
async function createRevision(
  site: Site,
  request: ReleaseRequest,
  image: string,
  task: TaskContext,
): Promise<number> {
  const origin = { author: `${userInfo().username}@${hostname()}`, created: new Date() };
  for (let revision = await nextRevision(site, request.model.name, task.signal); ; revision++) {
    task.signal.throwIfAborted();
    task.report(`Starting ${nameOf(revision, request.model.name)}`);
    try {
      const made = { target: site.target, request, image, revision, origin };
      await site.api.create(deploymentOf(site.config, made), new AbortController().signal);
      return revision;
    } catch (error) {
      if (apiStatusOf(error) !== 409) throw error;
    }
  }
}

/** The number that the next revision of a model gets. */
export async function nextRevision(site: Site, model: string, signal: AbortSignal): Promise<number> {
  const of = { target: site.target, model };
  const [records, address] = await Promise.all([
    listRevisions(site.api, of, signal),
    readAddress(site.api, of, false, signal),
  ]);
  return Math.max(0, address?.newest ?? 0, ...records.map(({ revision }) => revision)) + 1;
}

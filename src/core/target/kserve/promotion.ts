import type { TaskContext } from '../../task';
import type { Subject } from '../kubernetes/addressManifests';
import { addressName } from '../kubernetes/names';
import { kinds, type Pod } from '../kubernetes/objects';
import { isReady } from '../kubernetes/revisions';
import { nameOf } from '../kubernetes/site';
import { isSeen, latestIsReady, planWith, settleAddress, writeAddress, type Change } from './address';
import type { AddressPlan, Division, KeptRevision } from './inferenceService';
import { divisionOf, servingIn, type ServiceState } from './serviceState';
import type { Served } from './installation';
import { untilAddress, untilFound } from './rollout';
import { readAddressService, type FoundRevision } from './services';
import { installationFor, type KServeSite } from './site';

/** How long taking back what a promotion has written may take, in milliseconds. It can not be cancelled. */
const RESTORE_MS = 45_000;

/** What a promotion has written. */
interface Trail {
  /** What there was before; undefined where the InferenceService is new. */
  before?: ServiceState | undefined;
  now?: AddressPlan;
}

/**
 * Gives the model's InferenceService this revision, without a gap. Where it fails or is cancelled, all is as it was, unless somebody else
 * has changed it since. Where somebody else's promotion comes after it, that one serves, and this one is kept.
 */
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
  task.report(`Moving the traffic to ${nameOf(kept.revision, of.model)}`);
  const trail: Trail = {};
  try {
    if (served.mode === 'Knative') await tryWithoutTraffic(site, of, served, kept, trail, task);
    await settleAddress(
      site,
      of,
      served,
      leaving(trail, () => ({ serving: kept })),
      task.signal,
    );
    await untilServes(site, of, kept, task);
    await writeAddress(site, of, served, (state) => knowing(kept, state), task.signal);
  } catch (error) {
    await asBefore(site, of, served, trail, task).catch(() => undefined);
    throw error;
  }
}

/** Knative sends all traffic to the newest revision that is ready: so that it is this one, it is made first, and gets its traffic then. */
async function tryWithoutTraffic(
  site: KServeSite,
  of: Subject,
  served: Served,
  kept: KeptRevision,
  trail: Trail,
  task: TaskContext,
): Promise<void> {
  const divide = (before: ServiceState | undefined): Division | undefined => {
    const serving = servingIn(before);
    if (!serving || serving.revision === kept.revision) return undefined;
    // A canary is ready.
    if (before?.canary?.revision === kept.revision && before.canary.percent > 0) return undefined;
    return { serving, canary: { kept, percent: 0 } };
  };
  const written = await writeAddress(site, of, served, leaving(trail, divide), task.signal);
  if (written) await untilAddress(site, of, kept.revision, latestIsReady, task);
}

/** Keeps in mind what is written, and what was there before the first time. */
function leaving(trail: Trail, divide: (before: ServiceState | undefined) => Division | undefined): Change {
  const isFirst = trail.now === undefined;
  return (before) => {
    const division = divide(before);
    if (!division) return undefined;
    if (isFirst) trail.before = before;
    return (trail.now = planWith(before, division));
  };
}

/** Resolves when the revision serves, or did until somebody else's came. */
async function untilServes(
  site: KServeSite,
  of: Subject,
  kept: KeptRevision,
  task: TaskContext,
): Promise<void> {
  const { revision } = kept;
  const isOver = (state: ServiceState | undefined) => state?.serving !== revision;
  const serves = (pod: Pod) =>
    isReady(pod) && pod.metadata.labels?.['serving.kserve.io/inferenceservice'] === addressName(of.model);
  await untilFound(
    site,
    of,
    revision,
    ({ address, pods }) => isOver(address) || pods.some(serves),
    'is ready',
    task,
  );
  await untilAddress(site, of, revision, (state) => isOver(state) || isRolledOut(state), task);
}

/** Another promotion at the same time, when both were the first, may have been written over this one. */
function knowing(kept: KeptRevision, state: ServiceState | undefined): AddressPlan | undefined {
  const division = divisionOf(state);
  if (!division || state?.history.some(({ revision }) => revision === kept.revision)) return undefined;
  return planWith(state, division, [kept, ...(state?.history ?? [])]);
}

function isRolledOut(state: ServiceState): boolean {
  const { conditions = [] } = state.service.status ?? {};
  return isSeen(state) && conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** Takes back what a promotion that failed has written. */
async function asBefore(
  site: KServeSite,
  of: Subject,
  served: Served,
  { before, now }: Trail,
  task: TaskContext,
): Promise<void> {
  if (!now) return;
  const signal = AbortSignal.timeout(RESTORE_MS);
  const { serving, canary } = now.division;
  const isOurs = (state: ServiceState | undefined) =>
    state?.serving === serving.revision && state.canary?.revision === canary?.kept.revision;
  if (!before) {
    const state = await readAddressService(site.api, of, signal);
    if (state && isOurs(state)) {
      await site.api.remove(kinds.inferenceService, state.service.metadata.name, signal);
    }
    return;
  }
  const old = servingIn(before);
  if (!old) return;
  task.report(`Giving the traffic back to ${nameOf(old.revision, of.model)}`);
  const { history, newest } = before;
  const back: Change = (state) =>
    isOurs(state) ? { division: { serving: old }, history, newest } : undefined;
  await settleAddress(site, of, served, back, signal);
  await untilServes(site, of, old, { signal, report: (words) => task.report(words) });
}

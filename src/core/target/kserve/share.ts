import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import type { Subject } from '../kubernetes/addressManifests';
import { nameOf } from '../kubernetes/site';
import { latestIsReady, planWith, settleAddress, writeAddress } from './address';
import type { KeptRevision } from './inferenceService';
import { servingIn, type ServiceState } from './serviceState';
import { dividesTraffic } from './installation';
import { untilAddress } from './rollout';
import type { FoundRevision } from './services';
import { installationFor, type KServeSite } from './site';

/** Gives a candidate a part of the traffic, or takes it back with 0. */
export async function share(
  site: KServeSite,
  found: FoundRevision,
  percent: number,
  task: TaskContext,
): Promise<void> {
  const { kept, address } = found;
  const of = { target: site.target, model: kept.model.name };
  servingBeside(kept, of, address);
  if (percent === 0) return takeBack(site, of, found, task.signal);
  const served = await installationFor(site, of, task.signal);
  if (!dividesTraffic(served)) {
    throw new UserError(
      'traffic-undivided',
      `KServe in the mode ${served.word ?? served.mode} can not divide the traffic of ${of.model}: a release gets all of it at once.`,
      'Promote the release, or use a target of the kind "kubernetes".',
    );
  }
  const change = (before: ServiceState | undefined) => {
    const serving = servingBeside(kept, of, before);
    assertOnlyCanary(kept, of, before);
    return planWith(before, { serving, canary: { kept, percent } });
  };
  await writeAddress(site, of, served, change, task.signal);
  await untilAddress(site, of, kept.revision, latestIsReady, task);
}

async function takeBack(
  site: KServeSite,
  of: Subject,
  { kept, candidate }: FoundRevision,
  signal: AbortSignal,
): Promise<void> {
  const served = await installationFor(site, of, signal);
  const change = (before: ServiceState | undefined) => {
    const serving = servingIn(before);
    if (!before || !serving || before.canary?.revision !== kept.revision) return undefined;
    // What never had all of the traffic is no release to roll back to.
    const history = before.history.filter(({ revision }) => !candidate || revision !== kept.revision);
    return planWith(before, { serving }, history);
  };
  await settleAddress(site, of, served, change, signal);
}

function servingBeside(kept: KeptRevision, of: Subject, state: ServiceState | undefined): KeptRevision {
  const serving = servingIn(state);
  if (!serving) {
    const words = `No release of ${of.model} serves on ${of.target} whose traffic could be divided.`;
    throw new UserError('release-missing', words, 'Promote one first.');
  }
  if (serving.revision !== kept.revision) return serving;
  throw new UserError(
    'cluster-refused',
    `${nameOf(kept.revision, of.model)} serves: the part of another is what it leaves.`,
    'Give another release its part.',
  );
}

function assertOnlyCanary({ revision }: KeptRevision, of: Subject, state: ServiceState | undefined): void {
  const { canary } = state ?? {};
  if (!canary || canary.revision === revision || canary.percent === 0) return;
  throw new UserError(
    'cluster-refused',
    `${nameOf(canary.revision, of.model)} has a part of the traffic already.`,
    'Promote it, or take its part back first.',
  );
}

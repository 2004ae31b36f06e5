import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import { assertAllowed, standingOf } from '../kubernetes/check';
import { kinds } from '../kubernetes/objects';
import { permission, podPermissions } from '../kubernetes/permissions';
import type { ReleaseRequest, Standing } from '../target';
import { assertInstalled, dividesTraffic, modeOf, type Served } from './installation';
import { assertOurs } from './address';
import { readAddressService } from './services';
import { installationFor, type KServeSite } from './site';

const written = ['get', 'list', 'create', 'patch', 'delete'];

/** Throws when the cluster, or KServe in it, lacks something that a deploy needs. Changes nothing. */
export async function checkKServe(
  site: KServeSite,
  request: ReleaseRequest | undefined,
  task: TaskContext,
): Promise<Standing> {
  const { api, context, config, target } = site;
  const standing = await standingOf(context, api, task.signal);
  const of = { target, model: request?.model.name ?? '' };
  const served = await installationFor(site, of, task.signal);
  await assertAllowed(api, [permission(kinds.inferenceService, written), ...podPermissions], task.signal);
  if (config.minReplicas === 0) assertMayBeEmpty(served, `Set "minReplicas" of ${target} to 1 or more.`);
  await assertInstalled(api, config.mode, task.signal);
  if (request) assertOurs(site, of, await readAddressService(api, of, task.signal));
  const wanted = modeOf(config.mode) ?? served.mode;
  if (wanted !== served.mode) {
    standing.warnings.push(
      `${of.model} stays in the mode ${wordOf(served)}: KServe changes it only when it is made anew.`,
    );
  }
  if (!dividesTraffic(served)) {
    standing.warnings.push(
      `KServe in the mode ${wordOf(served)} gives a new release all of the traffic at once: it has no canaries.`,
    );
  }
  return standing;
}

/** Throws where there has to be a server all the time. */
export function assertMayBeEmpty({ mode }: Served, next: string): void {
  if (mode === 'Knative') return;
  throw new UserError(
    'config-invalid',
    'Only where KServe runs on Knative can there be no server at all, and this one makes plain Deployments.',
    next,
  );
}

function wordOf({ mode, word }: Served): string {
  return word ?? mode;
}

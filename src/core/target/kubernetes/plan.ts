import { hostname, userInfo } from 'node:os';
import { serverWords } from '../replicas';
import type { Change, ReleaseRequest } from '../target';
import { addressCompanions, addressService, publicAddress, type Subject } from './addressManifests';
import { nextRevision } from './candidate';
import { dryRun, removalOf, revisionServices, unusedCompanions } from './companions';
import { deploymentOf } from './deploymentManifest';
import { assertHostFree } from './hosts';
import { addressName, revisionName } from './names';
import { assertOurs } from './ownership';
import { listRevisions, type RevisionRecord } from './revisions';
import { canaryServers } from './share';
import { hasRoutes, type Site } from './site';
import { isRouted, readAddress } from './traffic';
import { lineDiff, yamlOf } from './yaml';

/** What a deploy and its promotion would do in the cluster, as the cluster itself answers to a dry run. */
export async function planOn(site: Site, request: ReleaseRequest, signal: AbortSignal): Promise<Change[]> {
  const of = { target: site.target, model: request.model.name };
  await assertOurs(site, of.model, signal);
  await assertHostFree(site, of.model, signal);
  const [records, address, revision, unused] = await Promise.all([
    listRevisions(site.api, of, signal),
    readAddress(site.api, of, hasRoutes(site), signal),
    nextRevision(site, of.model, signal),
    unusedCompanions(site, of, signal),
  ]);
  const serving = records.find((record) => record.revision === address?.traffic.serving);
  const ended = records.filter(
    (record) => record.wanted > 0 && (record.promoted || isRouted(address, record.revision)),
  );
  const traffic = { serving: revision };
  const changes = [await deploymentChange(site, request, revision, serving, signal)];
  const objects = [
    ...revisionServices(site, of, traffic),
    addressService(of, traffic, revision, address?.note),
    ...addressCompanions(site.config, of, traffic),
  ];
  for (const object of objects) changes.push(...(await dryRun(site, object, signal)));
  const reached = publicAddress(site.config, of.model);
  return [
    ...changes,
    ...unused.map(removalOf),
    ...ended.map((record) => stopped(of, record)),
    ...(serving ? inParts(site, of, serving) : []),
    ...(reached && !serving ? [{ action: 'create' as const, what: `address ${reached}` }] : []),
  ];
}

/** The image is made by the deploy itself, so that its digest is not known yet. */
async function deploymentChange(
  site: Site,
  request: ReleaseRequest,
  revision: number,
  serving: RevisionRecord | undefined,
  signal: AbortSignal,
): Promise<Change> {
  const made = {
    target: site.target,
    request,
    image: `${site.config.registry}/${addressName(request.model.name)}`,
    revision,
    origin: { author: `${userInfo().username}@${hostname()}`, created: new Date() },
  };
  const planned = await site.api.apply(deploymentOf(site.config, made), signal, true);
  const before = serving ? yamlOf(serving.deployment) : '';
  return {
    action: 'create',
    what: `Deployment ${planned.metadata.name}`,
    diff: lineDiff(before, yamlOf(planned)),
  };
}

/** Numbers of servers can not divide the traffic in any way that is asked for. */
function inParts({ config }: Site, { model }: Subject, serving: RevisionRecord): Change[] {
  if (!config.canary || config.gateway) return [];
  const beside = Math.max(1, serving.wanted);
  const steps = config.canary.steps.map((step) => {
    const { servers, percent } = canaryServers(step, beside);
    const words = serverWords({ min: servers, max: servers });
    return `${String(step)} % is ${String(percent)} % (${words} beside ${String(beside)})`;
  });
  return [{ action: 'change', what: `traffic of ${model} in parts: ${steps.join(', ')}` }];
}

function stopped({ model }: Subject, { revision, wanted }: RevisionRecord): Change {
  const name = revisionName(model, revision);
  return {
    action: 'change',
    what: `Deployment ${name} is stopped and kept`,
    diff: [`- replicas: ${String(wanted)}`, '+ replicas: 0'].join('\n'),
  };
}

import { hostname, userInfo } from 'node:os';
import type { Change, ReleaseRequest } from '../target';
import {
  addressCompanions,
  addressService,
  publicAddress,
  revisionService,
  type Subject,
} from './addressManifests';
import { assertOurs, nextRevision } from './candidate';
import { deploymentOf } from './deploymentManifest';
import { addressName, revisionName } from './names';
import { kindOf, type KubeObject } from './objects';
import { listRevisions, type RevisionRecord } from './revisions';
import type { Site } from './site';
import { readAddress } from './traffic';
import { lineDiff, yamlOf } from './yaml';

/** What a deploy and its promotion would do in the cluster, as the cluster itself answers to a dry run. */
export async function planOn(site: Site, request: ReleaseRequest, signal: AbortSignal): Promise<Change[]> {
  const of = { target: site.target, model: request.model.name };
  await assertOurs(site, of.model, signal);
  const [records, address, revision] = await Promise.all([
    listRevisions(site.api, of, signal),
    readAddress(site.api, of, site.config.gateway !== undefined, signal),
    nextRevision(site, of.model, signal),
  ]);
  const serving = records.find((record) => record.revision === address?.traffic.serving);
  const traffic = { serving: revision };
  const changes = [await deploymentChange(site, request, revision, serving, signal)];
  const objects = [
    ...(site.config.gateway ? [revisionService(of, revision)] : []),
    addressService(of, traffic, revision),
    ...addressCompanions(site.config, of, traffic),
  ];
  for (const object of objects) changes.push(...(await dryRun(site, object, signal)));
  const reached = publicAddress(site.config);
  return [
    ...changes,
    ...(serving ? [stopped(of, serving)] : []),
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

/** Nothing where the cluster has it so already. */
async function dryRun(site: Site, object: KubeObject, signal: AbortSignal): Promise<Change[]> {
  const { name } = object.metadata;
  const [now, planned] = await Promise.all([
    site.api.get(kindOf(object), name, signal),
    site.api.apply(object, signal, true),
  ]);
  const diff = lineDiff(now ? yamlOf(now) : '', yamlOf(planned));
  if (diff === '') return [];
  return [{ action: now ? 'change' : 'create', what: `${object.kind} ${name}`, diff }];
}

function stopped({ model }: Subject, { revision, wanted }: RevisionRecord): Change {
  const name = revisionName(model, revision);
  return {
    action: 'change',
    what: `Deployment ${name} is stopped and kept`,
    diff: [`- replicas: ${String(wanted)}`, '+ replicas: 0'].join('\n'),
  };
}

import { messageOf } from '../../errors';
import { usedCompanions } from './companions';
import { addressName, labelsOf, revisionName } from './names';
import { kinds, type Kind, type KubeObject } from './objects';
import { isOwn } from './ownership';
import { listRevisions } from './revisions';
import { hasRoutes, type Site } from './site';
import { isRouted, readAddress } from './traffic';

interface Of {
  model: string;
  revision: number;
}

/** What may stand at a stable address, in the order in which it is taken away. */
const addressKinds: Kind[] = [
  kinds.ingress,
  kinds.httpRoute,
  kinds.serviceMonitor,
  kinds.autoscaler,
  kinds.budget,
  kinds.service,
];

/** Removes a release, and the stable address with the last one. Resolves to what could not be removed, in words. */
export async function remove(site: Site, of: Of, signal: AbortSignal): Promise<string[]> {
  const address = await readAddress(
    site.api,
    { target: site.target, model: of.model },
    hasRoutes(site),
    signal,
  );
  const left = await removeRevision(site, of, signal);
  const others = (await listRevisions(site.api, { target: site.target, model: of.model }, signal)).filter(
    ({ revision }) => revision !== of.revision,
  );
  if (others.length === 0) left.push(...(await removeAddress(site, of.model, signal)));
  else if (isRouted(address, of.revision)) {
    // They are about the pods of this revision alone.
    left.push(...(await removeOwn(site, of.model, kinds.autoscaler, addressName(of.model), signal)));
  }
  return left;
}

/** Removes a revision's Deployment and what only it has. Resolves to what is left, in words. */
export async function removeRevision(
  site: Site,
  { model, revision }: Of,
  signal: AbortSignal,
): Promise<string[]> {
  const name = revisionName(model, revision);
  return [
    ...(await removeNamed(site, kinds.deployment, name, signal)),
    ...(await removeOwn(site, model, kinds.service, name, signal)),
  ];
}

/** Removes all of a model that has no release any more. */
export async function removeAddress(site: Site, model: string, signal: AbortSignal): Promise<string[]> {
  const left: string[] = [];
  for (const kind of addressKinds) {
    try {
      const found = await site.api.list<KubeObject>(kind, labelsOf({ target: site.target, model }), signal);
      for (const { metadata } of found) left.push(...(await removeNamed(site, kind, metadata.name, signal)));
    } catch (error) {
      // Who may not even look for what was never asked for leaves nothing behind.
      if (isUsed(site, kind))
        left.push(`Objects of the kind ${kind.kind} could not be removed: ${messageOf(error)}`);
    }
  }
  return left;
}

/** Where it is ours. */
async function removeOwn(
  site: Site,
  model: string,
  kind: Kind,
  name: string,
  signal: AbortSignal,
): Promise<string[]> {
  try {
    const found = await site.api.get<KubeObject>(kind, name, signal);
    if (!found || !isOwn(site, model, found)) return [];
  } catch (error) {
    return isUsed(site, kind) ? [`${kind.kind} ${name} could not be removed: ${messageOf(error)}`] : [];
  }
  return removeNamed(site, kind, name, signal);
}

export async function removeNamed(
  site: Site,
  kind: Kind,
  name: string,
  signal: AbortSignal,
): Promise<string[]> {
  try {
    await site.api.remove(kind, name, signal);
    return [];
  } catch (error) {
    return [`${kind.kind} ${name} could not be removed: ${messageOf(error)}`];
  }
}

function isUsed({ config }: Site, kind: Kind): boolean {
  return kind === kinds.budget || kind === kinds.service || usedCompanions(config).includes(kind);
}

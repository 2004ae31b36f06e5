import { labels } from '../../docker/labels';
import { UserError } from '../../errors';
import { usedCompanions } from './companions';
import { addressName } from './names';
import { kinds, type Kind, type KubeObject } from './objects';
import type { Site } from './site';

/** Throws where something that would stand at the stable address of a model is somebody else's. */
export async function assertOurs(site: Site, model: string, signal: AbortSignal): Promise<void> {
  const used = [kinds.service, kinds.budget, ...usedCompanions(site.config)];
  await Promise.all(used.map((kind) => assertOwn(site, model, kind, addressName(model), signal)));
}

/** Throws where there is an object of this name that is not of this model on this target. */
export async function assertOwn(
  site: Site,
  model: string,
  kind: Kind,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const found = await site.api.get<KubeObject>(kind, name, signal);
  if (!found || isOwn(site, model, found)) return;
  const { [labels.target]: target, [labels.model]: other } = found.metadata.labels ?? {};
  const where = `${kind.kind} ${name} in the namespace ${site.api.namespace}`;
  throw new UserError(
    'cluster-refused',
    target === undefined
      ? `There is ${/^(I|HTTP)/.test(kind.kind) ? 'an' : 'a'} ${where} that Slipway did not make.`
      : `The ${where} belongs to the ${target === site.target ? `model ${other ?? ''}` : `target ${target}`}.`,
    `Give ${site.target} another namespace, or the model another name.`,
  );
}

/** Whether an object is what this target has of this model. */
export function isOwn({ target }: Site, model: string, { metadata }: KubeObject): boolean {
  return metadata.labels?.[labels.target] === target && metadata.labels[labels.model] === addressName(model);
}

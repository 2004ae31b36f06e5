import { UserError } from '../../errors';
import { hostOf } from './addressManifests';
import { addressName } from './names';
import { kinds, type HttpRoute, type Ingress } from './objects';
import type { GatewayOptions, IngressOptions } from './options';
import type { Site } from './site';

/** Also those of other targets in the namespace. */
const ours = { 'app.kubernetes.io/managed-by': 'slipway' };

/** Throws where clients already reach another of our models where they would reach this one. */
export async function assertHostFree(site: Site, model: string, signal: AbortSignal): Promise<void> {
  const { ingress, gateway } = site.config;
  const other =
    (ingress && (await ingressAt(site, ingress, model, signal))) ??
    (gateway && (await routeAt(site, gateway, model, signal)));
  if (other === undefined) return;
  const host = ingress?.host ?? gateway?.host;
  const where =
    host === undefined
      ? `The Gateway ${gateway?.name ?? ''} without a host leads to ${other} already.`
      : `${hostOf(host, model)} is the address of ${other} already.`;
  throw new UserError(
    'config-invalid',
    where,
    `Give each model a host of its own, as "{model}.example.com" in "${ingress ? 'ingress' : 'gateway'}" of ${site.target} in slipway.json does.`,
  );
}

async function ingressAt(
  { api }: Site,
  options: IngressOptions,
  model: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const host = hostOf(options.host, model);
  const all = await api.list<Ingress>(kinds.ingress, ours, signal);
  return all.find(
    ({ metadata, spec }) =>
      metadata.name !== addressName(model) &&
      isSameClass(spec.ingressClassName, options.class) &&
      spec.rules?.some((rule) => rule.host === host),
  )?.metadata.name;
}

/** The cluster fills in its own where none is named. */
function isSameClass(one: string | undefined, other: string | undefined): boolean {
  return one === other || one === undefined || other === undefined;
}

async function routeAt(
  { api }: Site,
  { name, namespace = api.namespace, host }: GatewayOptions,
  model: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const wanted = host === undefined ? undefined : hostOf(host, model);
  const all = await api.list<HttpRoute>(kinds.httpRoute, ours, signal);
  return all.find(
    ({ metadata, spec }) =>
      metadata.name !== addressName(model) &&
      spec.parentRefs?.some(
        (each) => each.name === name && (each.namespace ?? api.namespace) === namespace,
      ) &&
      (wanted === undefined ? !spec.hostnames : spec.hostnames?.includes(wanted)),
  )?.metadata.name;
}

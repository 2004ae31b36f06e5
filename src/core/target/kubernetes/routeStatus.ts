import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../errors';
import type { Subject } from './addressManifests';
import { addressName } from './names';
import { kinds, type Condition, type HttpRoute } from './objects';
import type { Site } from './site';

/** How long a Gateway may take to say whether it takes a route, in milliseconds. One that does not say so is believed to take it. */
const ANSWER_MS = 5_000;
const POLL_MS = 200;

/** Throws where the Gateway says that it does not take the route of a model. */
export async function assertRouteTaken(site: Site, of: Subject, signal: AbortSignal): Promise<void> {
  const { gateway } = site.config;
  if (!gateway) return;
  for (const deadline = Date.now() + ANSWER_MS; ; await sleep(POLL_MS, undefined, { signal })) {
    const route = await site.api.get<HttpRoute>(kinds.httpRoute, addressName(of.model), signal);
    const told = route ? conditionsAt(gateway.name, route) : [];
    const refusal = told.find(({ status }) => status === 'False');
    if (!refusal && told.some(({ type }) => type === 'Accepted')) return;
    const late = Date.now() > deadline;
    // A Service that was made just now may not be found yet.
    if (refusal && (late || refusal.type === 'Accepted')) throw refused(gateway.name, of, refusal);
    if (late) return;
  }
}

/** What a Gateway says about a route as it is now. */
function conditionsAt(gateway: string, { metadata, status }: HttpRoute): Condition[] {
  const { generation = 0 } = metadata;
  return (status?.parents ?? [])
    .filter(({ parentRef }) => parentRef.name === gateway)
    .flatMap(({ conditions = [] }) => conditions)
    .filter(({ type }) => type === 'Accepted' || type === 'ResolvedRefs')
    .filter(({ observedGeneration = generation }) => observedGeneration >= generation);
}

function refused(gateway: string, { model }: Subject, { reason, message }: Condition): UserError {
  const why = (message || reason || 'it does not say why').replace(/\.?$/, '.');
  return new UserError(
    'cluster-refused',
    `The Gateway ${gateway} does not take the route of ${model}: ${why}`,
    'Correct "gateway" of the target in slipway.json, or ask whoever runs the Gateway.',
  );
}

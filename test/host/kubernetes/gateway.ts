import type { JsonMap } from './fields';
import { addOns } from './kinds';
import type { Store, StoredObject, StoreEvent } from './store';

/** What a Gateway says about a route. */
export interface RouteCondition {
  type: 'Accepted' | 'ResolvedRefs';
  status: 'True' | 'False';
  reason: string;
  message?: string;
}

/** What a controller of Gateways does with HTTPRoutes: it says in their status whether it takes them. */
export class GatewayController {
  constructor(
    private readonly store: Store,
    private readonly conditionsOf: (route: StoredObject) => RouteCondition[] = accepted,
  ) {
    store.events.on('change', ({ type, served, object }: StoreEvent) => {
      if (served.kind === 'HTTPRoute' && type !== 'DELETED') setImmediate(() => this.#say(object));
    });
  }

  #say(route: StoredObject): void {
    const { name, namespace, generation } = route.metadata;
    const routes = this.store.list(addOns.gateway, namespace);
    if (!routes.some(({ metadata }) => metadata.name === name && metadata.generation === generation)) return;
    const conditions = this.conditionsOf(route);
    const told = conditions.map((each) => ({ ...each, observedGeneration: generation }));
    const { parentRefs = [] } = route.spec as { parentRefs?: JsonMap[] };
    const parents = parentRefs.map((parentRef) => ({ parentRef, conditions: told }));
    const status = { parents: told.length > 0 ? parents : [] } as unknown as JsonMap;
    const change = (object: StoredObject) => ({ ...(object as unknown as JsonMap), status });
    this.store.update(addOns.gateway, namespace, name, change, { manager: 'gateway', status: true });
  }
}

function accepted(): RouteCondition[] {
  return [
    { type: 'Accepted', status: 'True', reason: 'Accepted' },
    { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs' },
  ];
}

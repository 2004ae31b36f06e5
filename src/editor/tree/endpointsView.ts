import type { Services } from '../services';
import type { TreeSource } from './view';

/** *Endpoints*: the model servers of this machine, also those that another window started. */
export function endpointsView({ endpoints }: Services): TreeSource {
  return {
    changes: [endpoints.onChange],
    roots: () => endpoints.list().map((endpoint) => ({ kind: 'endpoint', endpoint })),
    children: () => [],
    watch: () => endpoints.watch(),
  };
}

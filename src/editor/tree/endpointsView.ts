import { whyOf } from '../../core/errors';
import type { Services } from '../services';
import { setting } from '../settings';
import type { Node } from './nodes';
import type { TreeSource } from './view';

/** *Endpoints*: the model servers of this machine, also those that another window started. */
export function endpointsView({ endpoints }: Services): TreeSource {
  let hadContainers = false;
  return {
    changes: [endpoints.onChange],
    roots: () => {
      const all = endpoints.list();
      hadContainers ||= all.some(({ engine }) => engine === 'container');
      return [...all.map((endpoint): Node => ({ kind: 'endpoint', endpoint })), ...away()];
    },
    children: () => [],
    watch: () => endpoints.watch(),
    ages: true,
  };

  /** Nobody misses a Docker engine where none is wanted. */
  function away(): Node[] {
    const problem = endpoints.problem('container');
    if (!problem || (!hadContainers && setting('slipway.serve.engine') !== 'container')) return [];
    return [
      {
        kind: 'detail',
        label: whyOf(problem),
        description: 'containers are not known',
        icon: 'error',
        wrong: true,
      },
    ];
  }
}

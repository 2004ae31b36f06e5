import { UserError } from '../../errors';
import { apiStatusOf } from './clusterErrors';
import { groupPath } from './namespaceApi';
import { kinds, type Kind } from './objects';
import type { Site } from './site';

/** Nothing of a Secret but that it is there has to be known. */
const NAME_ALONE = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

/** Throws where the configuration names an object that does not exist. Who may not look at it finds out by its pods. */
export async function assertNamedExist({ api, config, target }: Site, signal: AbortSignal): Promise<void> {
  const { serviceAccount, imagePullSecret, gateway } = config;
  const named: [string, Kind, string | undefined, string][] = [
    ['serviceAccount', kinds.serviceAccount, serviceAccount, api.namespace],
    ['imagePullSecret', kinds.secret, imagePullSecret, api.namespace],
    ['gateway', kinds.gateway, gateway?.name, gateway?.namespace ?? api.namespace],
  ];
  await Promise.all(
    named.map(async ([field, kind, name, namespace]) => {
      if (name === undefined) return;
      const path = `${groupPath(kind.apiVersion)}/namespaces/${namespace}/${kind.plural}/${name}`;
      try {
        await api.connection.send('GET', path, { accept: NAME_ALONE, signal });
      } catch (error) {
        const status = apiStatusOf(error);
        if (status === 403) return;
        if (status !== 404) throw error;
        throw new UserError(
          'cluster-refused',
          `There is no ${kind.kind} ${name} in the namespace ${namespace}, which "${field}" of ${target} names.`,
          'Make it, or correct the name in slipway.json.',
          { cause: error },
        );
      }
    }),
  );
}

import { CustomObjectsApi, type KubeConfig } from '@kubernetes/client-node';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServedKind } from '../host/kubernetes/kinds';
import { schemaOf } from '../host/kubernetes/schemas';

const definitions = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' };

interface Definition {
  status?: { conditions?: { type: string; status: string }[] };
}

/** Installs kinds that are not Kubernetes' own, with the schemas that are published for them. Resolves when they can be used. */
export async function installKinds(config: KubeConfig, kinds: readonly ServedKind[]): Promise<void> {
  // The client's own class for definitions loses what a schema says in words of Kubernetes'.
  const api = config.makeApiClient(CustomObjectsApi);
  for (const kind of kinds) {
    const body = definitionOf(kind);
    await api.createClusterCustomObject({ ...definitions, body });
    const { name } = body.metadata;
    const isEstablished = async () => {
      const { status } = (await api.getClusterCustomObject({ ...definitions, name })) as Definition;
      return status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True');
    };
    while (!(await isEstablished())) await sleep(50);
  }
}

function definitionOf(served: ServedKind) {
  const { group, version, kind, plural } = served;
  const schema = { openAPIV3Schema: publishedSchema(served) };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      // Names that belong to Kubernetes need the place where they were agreed on.
      annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api' },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [{ name: version, served: true, storage: true, subresources: { status: {} }, schema }],
    },
  };
}

/** A kind without a schema may be anything, and so may what its controller writes. */
function publishedSchema(served: ServedKind): object {
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const known = schemaOf(served.kind);
  if (!known) return anything;
  return {
    ...known,
    properties: { ...known.properties, metadata: { type: 'object' }, status: anything },
  };
}

import { UserError } from '../../errors';
import { apiStatusOf } from './clusterErrors';
import { selectorText, type NamespaceApi } from './namespaceApi';
import type { KubeObject } from './objects';

/** As many nodes as are looked at. */
const NODES = '500';
const archLabel = 'kubernetes.io/arch';

interface Node extends KubeObject {
  status?: { nodeInfo?: { operatingSystem?: string; architecture?: string } };
}

/**
 * Compares the machines that images of a target are made for with the nodes that they come to. Resolves to what may go wrong, in sentences.
 * Who may not look at nodes is told nothing.
 * @param platforms `linux/amd64`
 * @throws UserError `cluster-refused` when there is no node for them
 */
export async function machineWarnings(
  api: NamespaceApi,
  { target, nodeSelector = {} }: { target: string; nodeSelector?: Record<string, string> },
  platforms: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const nodes = await nodePlatforms(api, nodeSelector, signal);
  const others = nodes.filter((each) => !platforms.includes(each));
  if (others.length === 0) return [];
  const made = `images for ${target} are made for`;
  if (others.length < nodes.length) {
    if (archLabel in nodeSelector) return [];
    return [
      `Some nodes are ${others.join(', ')}, and ${made} ${platforms.join(', ')}: name both in "platforms", or the nodes in "nodeSelector".`,
    ];
  }
  const which = Object.keys(nodeSelector).length > 0 ? ' with the labels of "nodeSelector"' : '';
  throw new UserError(
    'cluster-refused',
    `No node of the cluster${which} is for ${platforms.join(' or ')}, which ${made}: they are ${others.join(', ')}.`,
    `Set "platform": "${others[0] ?? ''}" for ${target} in slipway.json.`,
  );
}

/** What there is among the nodes with these labels, each once; none where nobody says. */
async function nodePlatforms(
  { connection }: NamespaceApi,
  labels: Record<string, string>,
  signal: AbortSignal,
): Promise<string[]> {
  const query = { labelSelector: selectorText(labels), limit: NODES };
  try {
    const { items = [] } = await connection.send<{ items?: Node[] }>('GET', '/api/v1/nodes', {
      query,
      signal,
    });
    return [...new Set(items.flatMap(platformOf))].sort();
  } catch (error) {
    if (apiStatusOf(error) === 403) return [];
    throw error;
  }
}

function platformOf({ status }: Node): string[] {
  const { operatingSystem, architecture } = status?.nodeInfo ?? {};
  return operatingSystem && architecture ? [`${operatingSystem}/${architecture}`] : [];
}

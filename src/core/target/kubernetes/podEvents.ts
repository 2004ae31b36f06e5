import { apiStatusOf } from './clusterErrors';
import { groupPath, type NamespaceApi } from './namespaceApi';
import type { Metadata, Pod } from './objects';

/** As many events of a pod as are looked at. */
const EVENTS = '50';

interface PodEvent {
  metadata: Metadata;
  /** `Normal`, or `Warning`. */
  type?: string;
  reason?: string;
  message?: string;
  lastTimestamp?: string | null;
  eventTime?: string | null;
}

/** What hinders a pod before it has a container that could say so, in words for people. */
const hindering: Record<string, string> = {
  FailedScheduling: 'No node takes its pod',
  FailedCreatePodSandBox: 'Its node can not make room for its pod',
  NetworkNotReady: 'The network of its node is not ready',
  FailedMount: 'A volume of its pod can not be mounted',
  FailedAttachVolume: 'A volume of its pod can not be attached',
  FailedMapVolume: 'A volume of its pod can not be mounted',
  FailedToRetrieveImagePullSecret: 'The Secret that its image is pulled with can not be read',
  Failed: 'Its pod can not be started',
};

/** What hinders a pod that does not run yet, as the cluster warned of last, in a sentence; undefined where it did not, or may not be asked. */
export async function warningOf(
  { connection, namespace }: NamespaceApi,
  { metadata }: Pod,
  signal: AbortSignal,
): Promise<string | undefined> {
  const query = { fieldSelector: `involvedObject.name=${metadata.name}`, limit: EVENTS };
  try {
    const path = `${groupPath('v1')}/namespaces/${namespace}/events`;
    const { items = [] } = await connection.send<{ items?: PodEvent[] }>('GET', path, { query, signal });
    // What came after a warning says that it is over, but for the words that it is tried again.
    const [last] = items
      .filter(({ reason, message = '' }) => reason !== 'BackOff' && !message.startsWith('Error: '))
      .sort((a, b) => timeOf(b).localeCompare(timeOf(a)));
    return last?.type === 'Warning' && (last.reason ?? '') in hindering ? wordsOf(last) : undefined;
  } catch (error) {
    if (apiStatusOf(error) === undefined) throw error;
    return undefined;
  }
}

function wordsOf({ reason = '', message = '' }: PodEvent): string {
  const told = message.trim().replace(/\s+/g, ' ') || 'the cluster does not say why';
  return `${hindering[reason] ?? reason}: ${told.replace(/\.?$/, '.')}`;
}

function timeOf({ lastTimestamp, eventTime, metadata }: PodEvent): string {
  return lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '';
}

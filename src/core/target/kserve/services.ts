import { labels } from '../../docker/labels';
import type { Subject } from '../kubernetes/addressManifests';
import type { NamespaceApi } from '../kubernetes/namespaceApi';
import { addressName, labelsOf } from '../kubernetes/names';
import { kinds, type Pod } from '../kubernetes/objects';
import { modeOf, modeWordOf, type Mode } from './installation';
import { readService, type InferenceService, type KeptRevision, type ServiceState } from './inferenceService';

/** A revision, where it stands. */
export interface FoundRevision {
  kept: KeptRevision;
  /** The InferenceService of the model's name, where there is one. */
  address?: ServiceState;
  /** Whether an InferenceService of its own runs it. */
  candidate: boolean;
  /** In which mode the traffic of its model is divided; undefined before KServe has said so. */
  mode?: Mode | undefined;
  /** Also those that end. */
  pods: Pod[];
}

/** All revisions of a target, or of one model on it, the newest first. */
export async function listFound(
  api: NamespaceApi,
  of: { target: string; model?: string },
  signal: AbortSignal,
): Promise<FoundRevision[]> {
  const [services, pods] = await Promise.all([
    api.list<InferenceService>(kinds.inferenceService, labelsOf(of), signal),
    api.list<Pod>(kinds.pod, labelsOf(of), signal),
  ]);
  const present = services.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const addresses = present.filter(isKind('address')).map(readService);
  const candidates = present.filter(isKind('release')).map(readService);
  const known = new Map<string, FoundRevision>();
  const add = (kept: KeptRevision, { service }: ServiceState, candidate: boolean) => {
    const key = `${kept.model.name}/${String(kept.revision)}`;
    const address = addresses.find(({ model }) => model === kept.model.name);
    const before = known.get(key);
    known.set(key, {
      kept,
      ...(address && { address }),
      candidate: candidate || before?.candidate === true,
      mode: modeOf(modeWordOf(address?.service ?? service)),
      pods: pods.filter((pod) => isPodOf(pod, kept)),
    });
  };
  for (const state of addresses) for (const kept of state.history) add(kept, state, false);
  for (const state of candidates) for (const kept of state.history) add(kept, state, true);
  return [...known.values()].sort((a, b) => b.kept.revision - a.kept.revision);
}

/** The InferenceService of a model's name; undefined before its first promotion. */
export async function readAddressService(
  api: NamespaceApi,
  of: Subject,
  signal: AbortSignal,
): Promise<ServiceState | undefined> {
  const service = await api.get<InferenceService>(kinds.inferenceService, addressName(of.model), signal);
  return service && readService(service);
}

/** Pods of a release that was removed may still end, and its number may be another's by now. */
export function isPodOf({ metadata }: Pod, kept: KeptRevision): boolean {
  return (
    metadata.annotations?.[labels.created] === kept.created &&
    metadata.labels?.[labels.model] === addressName(kept.model.name) &&
    metadata.labels[labels.revision] === String(kept.revision)
  );
}

function isKind(kind: 'address' | 'release') {
  return ({ metadata }: InferenceService) => metadata.labels?.[labels.kind] === kind;
}

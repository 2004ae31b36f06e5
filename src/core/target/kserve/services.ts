import { labels } from '../../docker/labels';
import type { Subject } from '../kubernetes/addressManifests';
import type { NamespaceApi } from '../kubernetes/namespaceApi';
import { addressName, labelsOf } from '../kubernetes/names';
import { kinds, type Pod } from '../kubernetes/objects';
import { modeOf, modeWordOf, type Mode } from './installation';
import type { InferenceService, KeptRevision } from './inferenceService';
import { readService, type ServiceState } from './serviceState';

/** A revision, where it stands. */
export interface FoundRevision {
  kept: KeptRevision;
  /** The InferenceService of the model's name, where there is one. */
  address?: ServiceState;
  /** Whether an InferenceService of its own runs it. */
  candidate: boolean;
  /** In which mode the traffic of its model is divided; undefined before KServe has said so. */
  mode?: Mode | undefined;
  /** Whether what runs it is being removed, and is not gone yet. */
  leaving: boolean;
  /** Also those that end. */
  pods: Pod[];
}

/** All revisions of a target, or of one model on it, the newest first; not those that are being removed. */
export async function listFound(
  api: NamespaceApi,
  of: { target: string; model?: string },
  signal: AbortSignal,
): Promise<FoundRevision[]> {
  return (await listWithLeaving(api, of, signal)).filter(({ leaving }) => !leaving);
}

/** As {@link listFound}, with those that are being removed: for views alone, as there is nothing more to do with them. */
export async function listWithLeaving(
  api: NamespaceApi,
  of: { target: string; model?: string },
  signal: AbortSignal,
): Promise<FoundRevision[]> {
  const [services, pods] = await Promise.all([
    api.list<InferenceService>(kinds.inferenceService, labelsOf(of), signal),
    api.list<Pod>(kinds.pod, labelsOf(of), signal),
  ]);
  const states = services.map(readService);
  const known = new Map<string, FoundRevision>();
  const add = (kept: KeptRevision, state: ServiceState, leaving: boolean) => {
    const key = `${kept.model.name}/${String(kept.revision)}`;
    const before = known.get(key);
    // A revision that is being removed here may stand elsewhere by now.
    if (before && leaving) return;
    const address = states.find(
      (each) => isKind(each, 'address') && each.model === kept.model.name && (leaving || !isLeaving(each)),
    );
    known.set(key, {
      kept,
      ...(address && { address }),
      candidate: isKind(state, 'release') || before?.candidate === true,
      mode: modeOf(modeWordOf((address ?? state).service)),
      leaving,
      pods: pods.filter((pod) => isPodOf(pod, kept)),
    });
  };
  for (const leaving of [false, true]) {
    const here = states.filter((state) => isLeaving(state) === leaving);
    for (const kind of ['address', 'release'] as const) {
      for (const state of here.filter((each) => isKind(each, kind))) {
        for (const kept of state.history) add(kept, state, leaving);
      }
    }
  }
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

function isKind({ service }: ServiceState, kind: 'address' | 'release'): boolean {
  return service.metadata.labels?.[labels.kind] === kind;
}

function isLeaving({ service }: ServiceState): boolean {
  return service.metadata.deletionTimestamp !== undefined;
}

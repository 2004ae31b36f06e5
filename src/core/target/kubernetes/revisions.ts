import { labels } from '../../docker/labels';
import type { ServedModel } from '../../endpoint/endpoint';
import type { ReleaseNotes } from '../target';
import type { NamespaceApi } from './namespaceApi';
import { CONTAINER_NAME, labelsOf, revisionNotes } from './names';
import { kinds, type Container, type Deployment, type Pod } from './objects';

/** A release as the labels and notes of its Deployment tell it. */
export interface RevisionRecord {
  deployment: Deployment;
  model: ServedModel;
  revision: number;
  image: string;
  notes: ReleaseNotes;
  author: string;
  created: Date;
  /** Whether it ever had all of the traffic. */
  promoted: boolean;
  /** What was proven before it got its traffic. */
  proof: string | undefined;
  /** What of the target's configuration it was made with, as JSON. */
  settings: string | undefined;
  /** How many pods it shall have. */
  wanted: number;
  /** Whether it is being removed, and is not gone yet. */
  leaving: boolean;
  /** Its pods, also those that end. */
  pods: Pod[];
}

/** The releases of a target, or of one model on it, with their pods; not those that are being removed. */
export async function listRevisions(
  api: NamespaceApi,
  of: { target: string; model?: string },
  signal: AbortSignal,
): Promise<RevisionRecord[]> {
  return (await listWithLeaving(api, of, signal)).filter(({ leaving }) => !leaving);
}

/** As {@link listRevisions}, with those that are being removed: for views alone, as there is nothing more to do with them. */
export async function listWithLeaving(
  api: NamespaceApi,
  of: { target: string; model?: string },
  signal: AbortSignal,
): Promise<RevisionRecord[]> {
  const [deployments, pods] = await Promise.all([
    api.list<Deployment>(kinds.deployment, { ...labelsOf(of), [labels.kind]: 'release' }, signal),
    api.list<Pod>(kinds.pod, labelsOf(of), signal),
  ]);
  return deployments
    .map((deployment) => {
      const record = toRecord(deployment);
      const own = deployment.metadata.labels ?? {};
      const made = deployment.metadata.annotations?.[labels.created];
      // Pods of a release that was removed may still end, and its number may be another's by now.
      const isOwn = ({ metadata }: Pod) =>
        metadata.annotations?.[labels.created] === made &&
        [labels.model, labels.revision].every((label) => metadata.labels?.[label] === own[label]);
      return { ...record, pods: pods.filter(isOwn) };
    })
    .sort((a, b) => b.revision - a.revision);
}

function toRecord(deployment: Deployment): Omit<RevisionRecord, 'pods'> {
  const { labels: set = {}, annotations = {}, creationTimestamp = '' } = deployment.metadata;
  const note = (name: string) => annotations[name] ?? '';
  return {
    deployment,
    model: {
      name: note(labels.model) || (set[labels.model] ?? ''),
      path: note(labels.modelPath),
      hash: note(labels.modelHash),
    },
    revision: Number(set[labels.revision]),
    image: note(revisionNotes.image) || (serverIn(deployment)?.image ?? ''),
    notes: {
      note: note(labels.note),
      samplesHash: note(labels.samplesHash) || undefined,
      commit: note(labels.commit) || undefined,
    },
    author: note(labels.author),
    created: new Date(note(labels.created) || creationTimestamp),
    promoted: revisionNotes.promoted in annotations,
    proof: annotations[revisionNotes.proof],
    settings: annotations[revisionNotes.settings],
    wanted: deployment.spec.replicas ?? 1,
    leaving: deployment.metadata.deletionTimestamp !== undefined,
  };
}

function serverIn({ spec }: Deployment): Container | undefined {
  return spec.template.spec.containers.find(({ name }) => name === CONTAINER_NAME);
}

/** Whether a pod may get requests. */
export function isReady({ metadata, status }: Pod): boolean {
  const ready = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True');
  return metadata.deletionTimestamp === undefined && ready === true;
}

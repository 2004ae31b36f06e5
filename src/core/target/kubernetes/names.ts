import { createHash } from 'node:crypto';
import { labels } from '../../docker/labels';

/** Where a model's server listens in its pod, and under which name. */
export const SERVER_PORT = 8080;
export const PORT_NAME = 'http';
export const CONTAINER_NAME = 'server';
/** How KServe wants the container of the server to be called. */
export const KSERVE_CONTAINER_NAME = 'kserve-container';

/** As many letters of a model's name as leave room for `-r1000`, in the 63 that a Service's name may have. */
const MAX_NAME = 50;

/** What is set on a Service, to be read back. */
export const addressNotes = {
  /** The revision that has the traffic, or all that a canary leaves of it. */
  serving: 'dev.slipway.serving',
  /** The revision that has a part of the traffic. */
  canary: 'dev.slipway.canary',
  /** The highest revision that ever was. */
  newest: 'dev.slipway.newest',
  /** What the last switch of the traffic was, as JSON. */
  switch: 'dev.slipway.switch',
} as const;

/** What is set on the objects of a revision beside the labels that all targets share. */
export const revisionNotes = {
  /** Of pods: those of one pool may share traffic. It is the revision's own number until it has a part of another's. */
  pool: 'dev.slipway.pool',
  /** When it got all of the traffic last, ISO 8601. */
  promoted: 'dev.slipway.promoted',
  /** Since when somebody is about to give it traffic, ISO 8601, and a word for who; absent while nobody is. */
  starting: 'dev.slipway.starting',
  /** What was proven before it got its traffic. */
  proof: 'dev.slipway.proof',
  /** What of the target's configuration it was made with, as JSON. */
  settings: 'dev.slipway.settings',
  /** Which it was deployed to, by its place in the registry. */
  image: 'dev.slipway.image',
} as const;

/** The name of a model's objects: that of the model, where Kubernetes takes it. */
export function addressName(model: string): string {
  const plain = model
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  // A Service's name begins with a letter.
  const name = /^[a-z]/.test(plain) ? plain : `m-${plain}`.replace(/-$/, '');
  if (name === model && name.length <= MAX_NAME) return name;
  const short = createHash('sha256').update(model).digest('hex').slice(0, 6);
  return `${name.slice(0, MAX_NAME - 7).replace(/-+$/, '')}-${short}`;
}

export function revisionName(model: string, revision: number): string {
  return `${addressName(model)}-r${String(revision)}`;
}

/** Labels that find what a target has of a model, or of all. */
export function labelsOf(of: { target: string; model?: string }): Record<string, string> {
  return {
    [labels.target]: of.target,
    ...(of.model !== undefined && { [labels.model]: addressName(of.model) }),
  };
}

/** Labels that find a revision's pods, whatever else is set on them. */
export function podLabels(of: { target: string; model: string }, revision: number): Record<string, string> {
  return { ...labelsOf(of), [labels.revision]: String(revision) };
}

/** Labels that people and other tools look for. */
export function commonLabels(model: string, revision?: number): Record<string, string> {
  const name = addressName(model);
  return {
    'app.kubernetes.io/name': name,
    ...(revision !== undefined && {
      'app.kubernetes.io/instance': `${name}-r${String(revision)}`,
      'app.kubernetes.io/version': String(revision),
    }),
    'app.kubernetes.io/managed-by': 'slipway',
  };
}

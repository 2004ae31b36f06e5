import { labels } from '../../docker/labels';
import { serverCommand } from '../../image/modelImage';
import type { ReleaseRequest } from '../target';
import { LOAD_SECONDS } from '../untilReady';
import {
  CONTAINER_NAME,
  PORT_NAME,
  SERVER_PORT,
  commonLabels,
  labelsOf,
  podLabels,
  revisionName,
  revisionNotes,
} from './names';
import type { Deployment, PodTemplate } from './objects';
import type { KubernetesConfig, PullOptions } from './options';

/** How long a pod still answers after it is told to end, in seconds: until then all routers know that it goes. */
const LEAVE_SECONDS = 5;
/** What a run may take at most, and what the server needs to end, in seconds. */
const DRAIN_SECONDS = 35;
/** How long a pod may take to end before it is killed, in seconds. */
export const GRACE_SECONDS = LEAVE_SECONDS + DRAIN_SECONDS + 5;
const PROBE_SECONDS = 2;
/** The user who owns nothing, on every Linux. */
const NOBODY = 65534;

export const DEFAULT_REPLICAS = 2;
const defaultResources = {
  requests: { cpu: '100m', memory: '256Mi' },
  limits: { memory: '1Gi' },
};

/** Who deploys, and when. */
export interface Origin {
  /** `user@host`. */
  author: string;
  created: Date;
}

export interface Revision {
  target: string;
  request: ReleaseRequest;
  /** `registry/name@sha256:…` */
  image: string;
  revision: number;
  origin: Origin;
}

/** The Deployment of a revision: its pods answer at their own address, and get no traffic yet. */
export function deploymentOf(config: KubernetesConfig, made: Revision): Deployment {
  const { request, revision } = made;
  const of = { target: made.target, model: request.model.name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: revisionName(of.model, revision),
      labels: {
        ...commonLabels(of.model, revision),
        [labels.kind]: 'release',
        ...podLabels(of, revision),
      },
      annotations: notesOf(made, settingsOf(config)),
    },
    spec: {
      replicas: config.replicas ?? DEFAULT_REPLICAS,
      revisionHistoryLimit: 1,
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: podLabels(of, revision) },
      template: templateOf(config, made),
    },
  };
}

/** What of a target's configuration shapes the pods of a release, as JSON. */
export function settingsOf(config: KubernetesConfig): string {
  const { imagePullSecret, serviceAccount, nodeSelector, replicas, resources } = config;
  // By annotations of the pods, or without them.
  const serviceMonitor = config.serviceMonitor ? true : undefined;
  return JSON.stringify({
    imagePullSecret,
    serviceAccount,
    nodeSelector,
    replicas,
    resources,
    serviceMonitor,
  });
}

/** What does not fit into labels, to be read back. */
function notesOf({ request, image, origin }: Revision, settings: string): Record<string, string> {
  const { model, note, samplesHash, commit } = request;
  return {
    [labels.model]: model.name,
    [labels.modelPath]: model.path,
    [labels.modelHash]: model.hash,
    [labels.note]: note,
    ...(samplesHash && { [labels.samplesHash]: samplesHash }),
    ...(commit && { [labels.commit]: commit }),
    [labels.author]: origin.author,
    [labels.created]: origin.created.toISOString(),
    [revisionNotes.image]: image,
    [revisionNotes.settings]: settings,
  };
}

function templateOf(config: KubernetesConfig, made: Revision): PodTemplate {
  const { request, revision } = made;
  const of = { target: made.target, model: request.model.name };
  return {
    metadata: {
      labels: {
        ...commonLabels(of.model, revision),
        ...podLabels(of, revision),
        [revisionNotes.pool]: String(revision),
      },
      annotations: {
        [labels.created]: made.origin.created.toISOString(),
        ...(!config.serviceMonitor && scraping),
      },
    },
    spec: {
      ...pullFields(config),
      automountServiceAccountToken: false,
      // A Service named like a variable that the server reads would change what it does.
      enableServiceLinks: false,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      securityContext: { ...podSecurity },
      topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map(
        (topologyKey) => ({
          maxSkew: 1,
          topologyKey,
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: podLabels(of, revision) },
        }),
      ),
      volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '256Mi' } }],
      containers: [
        {
          name: CONTAINER_NAME,
          image: made.image,
          imagePullPolicy: 'IfNotPresent',
          args: [...serverCommand(request.model), '--model-version', String(revision)],
          ports: [{ name: PORT_NAME, containerPort: SERVER_PORT, protocol: 'TCP' }],
          resources: resourcesOf(config),
          securityContext: { ...containerSecurity },
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
          startupProbe: probe('ready', PROBE_SECONDS, Math.ceil(LOAD_SECONDS / PROBE_SECONDS)),
          readinessProbe: probe('ready', PROBE_SECONDS, 2),
          livenessProbe: probe('live', 10, 3),
          lifecycle: { preStop: { exec: { command: leaveCommand } } },
        },
      ],
    },
  };
}

/** Keeps a pod answering for a while. Every image has Node, and not every one a shell. */
export const leaveCommand = ['node', '-e', `setTimeout(() => {}, ${String(LEAVE_SECONDS * 1000)})`];

const scraping = {
  'prometheus.io/scrape': 'true',
  'prometheus.io/port': String(SERVER_PORT),
  'prometheus.io/path': '/metrics',
};

/** What the pod security profile `restricted` asks for. */
export const podSecurity = {
  runAsNonRoot: true,
  runAsUser: NOBODY,
  runAsGroup: NOBODY,
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const;

type Amounts = Record<string, string>;

export function resourcesOf({ resources }: PullOptions): { requests: Amounts; limits: Amounts } {
  return {
    requests: { ...defaultResources.requests, ...resources?.requests },
    limits: { ...defaultResources.limits, ...resources?.limits },
  };
}

export function pullFields({ imagePullSecret, serviceAccount, nodeSelector }: PullOptions): object {
  return {
    ...(imagePullSecret !== undefined && { imagePullSecrets: [{ name: imagePullSecret }] }),
    ...(serviceAccount !== undefined && { serviceAccountName: serviceAccount }),
    ...(nodeSelector && { nodeSelector }),
  };
}

function probe(what: 'ready' | 'live', periodSeconds: number, failureThreshold: number): object {
  return {
    httpGet: { path: `/v2/health/${what}`, port: PORT_NAME },
    periodSeconds,
    timeoutSeconds: 2,
    failureThreshold,
  };
}

/** Labels of what a revision has beside its Deployment. */
export function ownedLabels(
  of: { target: string; model: string },
  revision?: number,
): Record<string, string> {
  return { ...commonLabels(of.model, revision), ...labelsOf(of) };
}

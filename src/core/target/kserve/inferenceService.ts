import { labels } from '../../docker/labels';
import { serverCommand } from '../../image/modelImage';
import type { ServedModel } from '../../endpoint/endpoint';
import type { ReleaseNotes, ReplicaRange } from '../target';
import type { Subject } from '../kubernetes/addressManifests';
import {
  GRACE_SECONDS,
  containerSecurity,
  leaveCommand,
  podSecurity,
  pullFields,
  resourcesOf,
} from '../kubernetes/deploymentManifest';
import {
  SERVER_PORT,
  addressName,
  commonLabels,
  labelsOf,
  podLabels,
  revisionName,
} from '../kubernetes/names';
import type { Condition, KubeObject } from '../kubernetes/objects';
import { modeNote, type Mode, type Served } from './installation';
import type { KServeConfig } from './options';

/** What is set on an InferenceService, to be read back. */
export const serviceNotes = {
  /** All revisions that it had and that are kept, as JSON. */
  history: 'dev.slipway.history',
  serving: 'dev.slipway.serving',
  canary: 'dev.slipway.canary',
  /** The highest revision that ever had traffic. */
  newest: 'dev.slipway.newest',
} as const;

/** A revision, as it is written down where it can be made again. */
export interface KeptRevision extends ReleaseNotes {
  revision: number;
  model: ServedModel;
  /** `registry/name@sha256:…` */
  image: string;
  author: string;
  /** ISO 8601. */
  created: string;
  /** What was proven before it got its traffic. */
  proof?: string;
  /** What of the target's configuration it was made with, as JSON. */
  settings?: string;
  /** How many servers it was asked to have; absent where the configuration says it. */
  scaled?: ReplicaRange;
}

export interface Predictor {
  canaryTrafficPercent?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  minReplicas?: number;
  maxReplicas?: number;
  [field: string]: unknown;
}

export interface InferenceService extends KubeObject {
  spec: { predictor: Predictor };
  status?: {
    deploymentMode?: string;
    observedGeneration?: number;
    url?: string;
    conditions?: Condition[];
    components?: {
      predictor?: {
        latestCreatedRevision?: string;
        latestReadyRevision?: string;
        traffic?: { percent?: number; latestRevision?: boolean; revisionName?: string }[];
      };
    };
  };
}

/** How the traffic of a model is divided. */
export interface Division {
  serving: KeptRevision;
  /** Another revision, with its percent: only where the mode divides the traffic. */
  canary?: { kept: KeptRevision; percent: number };
}

/** What the InferenceService of a model's name is written with. */
export interface AddressPlan {
  division: Division;
  /** All revisions that are kept, those of the division too. */
  history: KeptRevision[];
  /** The highest revision that ever had traffic. */
  newest: number;
  /** Knative gives the revision that it makes of this no traffic: all of it stays where it is. */
  held?: boolean;
}

/** The InferenceService that a revision is proven in: nothing sends it requests. */
export function candidateService(
  config: KServeConfig,
  of: Subject,
  kept: KeptRevision,
  { mode, word }: Served,
): InferenceService {
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: {
      name: revisionName(of.model, kept.revision),
      labels: {
        ...commonLabels(of.model, kept.revision),
        [labels.kind]: 'release',
        ...podLabels(of, kept.revision),
      },
      annotations: {
        ...(word !== undefined && { [modeNote]: word }),
        [labels.model]: of.model,
        [serviceNotes.history]: JSON.stringify([kept]),
      },
    },
    // One server is enough to be proven, and it must be there.
    spec: { predictor: predictorOf(config, of, { scaled: { min: 1, max: 1 }, ...kept }, mode) },
  };
}

/** The InferenceService of the model's name, which the requests go to. */
export function addressInferenceService(
  config: KServeConfig,
  of: Subject,
  { division: { serving, canary }, history, newest, held = false }: AddressPlan,
  { mode, word }: Served,
): InferenceService {
  const percent = held ? 0 : canary && Math.round(canary.percent);
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: {
      name: addressName(of.model),
      labels: { ...commonLabels(of.model), ...labelsOf(of), [labels.kind]: 'address' },
      // KServe sets them on the pods too: another value makes it replace them.
      annotations: {
        ...(word !== undefined && { [modeNote]: word }),
        [labels.model]: of.model,
        [serviceNotes.history]: JSON.stringify(history),
        [serviceNotes.serving]: String(serving.revision),
        ...(canary && { [serviceNotes.canary]: String(canary.kept.revision) }),
        [serviceNotes.newest]: String(newest),
      },
    },
    // Of Knative's revisions the newest is the canary, and the one that was rolled out before has the rest.
    spec: {
      predictor: {
        ...predictorOf(config, of, canary?.kept ?? serving, mode),
        ...(percent !== undefined && { canaryTrafficPercent: percent }),
      },
    },
  };
}

function predictorOf(config: KServeConfig, of: Subject, kept: KeptRevision, mode: Mode): Predictor {
  // A revision that is made again is made as it was.
  const settings = JSON.parse(kept.settings ?? '{}') as Partial<KServeConfig>;
  const made = kept.settings === undefined ? config : { ...settings, registry: config.registry };
  const { min, max } = kept.scaled ?? { min: made.minReplicas ?? 1, max: made.maxReplicas };
  return {
    minReplicas: min,
    ...(max !== undefined && { maxReplicas: max }),
    labels: podLabels(of, kept.revision),
    annotations: { [labels.created]: kept.created },
    ...pullFields(made),
    ...(mode === 'Standard' && {
      terminationGracePeriodSeconds: GRACE_SECONDS,
      deploymentStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    }),
    volumes: [{ name: 'tmp', emptyDir: {} }],
    containers: [
      {
        name: 'kserve-container',
        image: kept.image,
        args: [...serverCommand(kept.model), '--model-version', String(kept.revision)],
        env: [{ name: 'PROTOCOL', value: 'v2' }],
        ports: [{ containerPort: SERVER_PORT, protocol: 'TCP' }],
        resources: resourcesOf(made),
        // Knative knows by itself when a pod may end, and takes no hook.
        ...(mode === 'Standard' && { lifecycle: { preStop: { exec: { command: leaveCommand } } } }),
        // Knative takes no security context of the pod.
        securityContext: { ...podSecurity, ...containerSecurity },
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
        readinessProbe: {
          httpGet: { path: '/v2/health/ready', port: SERVER_PORT },
          periodSeconds: 2,
          timeoutSeconds: 2,
        },
        livenessProbe: {
          httpGet: { path: '/v2/health/live', port: SERVER_PORT },
          periodSeconds: 10,
          timeoutSeconds: 2,
        },
      },
    ],
  };
}

/** What of a target's configuration shapes its servers, as JSON. */
export function settingsOf(config: KServeConfig): string {
  const { imagePullSecret, serviceAccount, nodeSelector, resources, mode, minReplicas, maxReplicas } = config;
  return JSON.stringify({
    ...{ imagePullSecret, serviceAccount, nodeSelector, resources, mode, minReplicas, maxReplicas },
  });
}

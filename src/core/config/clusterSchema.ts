import * as z from 'zod';
import { areNotBoth, notBoth, platformFields } from './platformSchema';
import { rolloutFields } from './rolloutSchema';

const dnsLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const kubeName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'Expected the name of an object of Kubernetes');
const namespace = z.string().regex(dnsLabel, 'Expected the name of a namespace, such as "models"');
const quantity = z
  .string()
  .regex(
    /^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/,
    'Expected a quantity of Kubernetes, such as "500m" or "1Gi"',
  );
const hostName = z
  .string()
  .regex(
    /^(\*\.)?([a-z0-9]|\{model\})(([a-z0-9-]|\{model\})*([a-z0-9]|\{model\}))?(\.([a-z0-9]|\{model\})(([a-z0-9-]|\{model\})*([a-z0-9]|\{model\}))?)*$/,
    'Expected the name of a host, such as "iris.example.com" or "{model}.example.com"',
  );
const registryPlace = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/,
    'Expected a place for images, such as "registry.example.com/team"',
  );

const amounts = (what: string) =>
  z
    .strictObject({
      cpu: quantity.optional().describe(`Processors ${what}: "500m" is half of one.`),
      memory: quantity.optional().describe(`Memory ${what}: "512Mi", "2Gi".`),
    })
    .optional();

const resourcesSchema = z
  .strictObject({
    requests: amounts('that a node must have free for it').describe(
      'What a node must have free for a server. Default: cpu 100m, memory 256Mi.',
    ),
    limits: amounts('that it may use at most').describe('What a server may use. Default: memory 1Gi.'),
  })
  .describe('What each server of a release needs and may use.');

/** How images come into a cluster, and how to come to the cluster: all targets in clusters say it alike. */
const clusterFields = {
  context: z.string().min(1).optional().describe('The context of the kubeconfig. Default: its current one.'),
  kubeconfig: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The kubeconfig, as a path from the folder of slipway.json. Default: KUBECONFIG, or ~/.kube/config.',
    ),
  namespace: namespace
    .optional()
    .describe('The namespace. It must exist. Default: that of the context, or "default".'),
  registry: registryPlace.describe(
    'Where images are pushed to, and where the cluster pulls them from: "registry.example.com/team".',
  ),
  ...platformFields,
  imagePullSecret: kubeName
    .optional()
    .describe('The Secret that the cluster pulls images with. Default: that of the service account.'),
  serviceAccount: kubeName.optional().describe('The service account of the pods. Default: "default".'),
  nodeSelector: z
    .record(z.string(), z.string())
    .optional()
    .describe('Labels that a node must have to run a server.'),
  resources: resourcesSchema.optional(),
  ...rolloutFields,
};

/** A target of the kind `kubernetes`. */
export const kubernetesTargetSchema = z
  .strictObject({
    kind: z.literal('kubernetes').describe('Releases are Deployments in a Kubernetes cluster.'),
    ...clusterFields,
    replicas: z.number().int().min(1).max(1000).optional().describe('Servers of a release. Default 2.'),
    autoscale: z
      .strictObject({
        min: z.number().int().min(1).describe('As few servers as there may be.'),
        max: z.number().int().min(1).describe('As many servers as there may be.'),
        cpuPercent: z
          .number()
          .int()
          .min(1)
          .max(1000)
          .default(80)
          .describe('Percent of the requested processor time that a server shall use. Default 80.'),
      })
      .refine(({ min, max }) => min <= max, '"max" is less than "min"')
      .optional()
      .describe('How many servers of the release that serves run is decided by their load.'),
    ingress: z
      .strictObject({
        host: hostName.describe(
          'The name under which clients reach it: "iris.example.com". With several models: "{model}.example.com".',
        ),
        class: kubeName.optional().describe("The ingress class. Default: the cluster's."),
        path: z
          .string()
          .refine(
            (path) => path === '/',
            'A server answers at "/" alone, and an Ingress takes no part of a path away: give each model a host of its own, such as "{model}.example.com"',
          )
          .optional()
          .describe('Requests whose path begins so are for it: only "/" can be.'),
        tlsSecret: kubeName
          .optional()
          .describe('The Secret with the certificate of the host. Default: none, so that it has no TLS.'),
      })
      .optional()
      .describe('Makes it reachable from outside by an Ingress.'),
    gateway: z
      .strictObject({
        name: kubeName.describe('The Gateway.'),
        namespace: namespace.optional().describe('Its namespace. Default: that of the target.'),
        host: hostName
          .optional()
          .describe(
            'The name under which clients reach it. With several models: "{model}.example.com". Default: any that the Gateway takes.',
          ),
      })
      .optional()
      .describe(
        'Makes it reachable from outside by an HTTPRoute of a Gateway, which also divides the traffic for a canary.',
      ),
    serviceMonitor: z
      .union([
        z.boolean(),
        z.strictObject({
          labels: z
            .record(z.string(), z.string())
            .describe('Labels by which a Prometheus finds it: { "release": "prometheus" }.'),
        }),
      ])
      .optional()
      .describe(
        "Tells Prometheus' operator of the metrics, by a ServiceMonitor. Default: annotations prometheus.io/scrape on the pods.",
      ),
  })
  .refine(areNotBoth, notBoth)
  .refine(({ ingress, gateway }) => !(ingress && gateway), 'Only one of "ingress" and "gateway" can be')
  .describe('A place where releases run.');

/** A target of the kind `kserve`. */
export const kserveTargetSchema = z
  .strictObject({
    kind: z.literal('kserve').describe('Releases are InferenceServices of KServe in a Kubernetes cluster.'),
    ...clusterFields,
    mode: z
      .enum(['Knative', 'Standard', 'Serverless', 'RawDeployment'])
      .optional()
      .describe(
        'What KServe makes of a model that is new: "Knative" (once "Serverless") or "Standard" (once "RawDeployment"). Default: as KServe is configured.',
      ),
    minReplicas: z
      .number()
      .int()
      .min(0)
      .optional()
      .describe('As few servers as there may be. Default 1; 0 only where KServe runs on Knative.'),
    maxReplicas: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe('As many servers as there may be. Default: what KServe says.'),
  })
  .refine(areNotBoth, notBoth)
  .refine(
    ({ minReplicas = 1, maxReplicas = Infinity }) => minReplicas <= maxReplicas,
    '"maxReplicas" is less than "minReplicas"',
  )
  .refine(
    ({ minReplicas, mode = '' }) => minReplicas !== 0 || !['Standard', 'RawDeployment'].includes(mode),
    '"minReplicas" is 0, which only the mode "Knative" can do',
  )
  .describe('A place where releases run.');

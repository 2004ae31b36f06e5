import * as z from 'zod';
import { hasPassword } from '../secrets';
import { areNotBoth, notBoth, platformFields } from './platformSchema';
import { rolloutFields } from './rolloutSchema';
import { kserveTargetSchema, kubernetesTargetSchema } from './clusterSchema';

const name = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const nameWords = 'use small letters, digits and dashes, such as "fraud-model"';

const port = z.number().int().min(1).max(65535);

const tensorSchema = z
  .strictObject({
    name: z.string().min(1).describe('The name that clients use.'),
    datatype: z
      .enum([
        'BOOL',
        'UINT8',
        'UINT16',
        'UINT32',
        'UINT64',
        'INT8',
        'INT16',
        'INT32',
        'INT64',
        'FP16',
        'FP32',
        'FP64',
        'BYTES',
      ])
      .describe('As the Open Inference Protocol calls it: FP64 for floats of numpy, BYTES for words.'),
    shape: z
      .array(z.union([z.number().int().min(0), z.string().min(1), z.null()]))
      .describe('Sizes of the axes; a name or null where any size fits, such as ["batch", 4].'),
    columns: z.array(z.string()).optional().describe('Names of the columns of the last axis.'),
  })
  .describe('A tensor that the model takes or gives.');

const signatureSchema = z
  .strictObject({
    inputs: z
      .array(tensorSchema)
      .min(1)
      .describe(
        'What the model takes, in its own order. For a model of one table: that, or each of its columns.',
      ),
    outputs: z
      .array(tensorSchema)
      .min(1)
      .optional()
      .describe(
        "What the model gives, in its own order; what is left out is not given. Default: the model's own.",
      ),
  })
  .describe(
    'What a model of Python takes and gives, where it does not say it itself or is to be served by other names and datatypes.',
  );

const modelSchema = z
  .strictObject({
    path: z.string().min(1).describe('The model file, relative to the folder of slipway.json.'),
    samples: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Its samples file, relative to the folder of slipway.json. Default: NAME.samples.json beside the model.',
      ),
    run: z
      .enum(['container', 'process'])
      .optional()
      .describe(
        'Where a model of Python is loaded for predictions in the editor: in a container without network (default), or as a process, which may do all that you may.',
      ),
    signature: signatureSchema.optional(),
    server: z
      .strictObject({
        instances: z
          .number()
          .int()
          .min(1)
          .max(64)
          .optional()
          .describe(
            'Workers that run the model at the same time. Default 1. Each holds it in memory; a small ONNX model the first one twice, for runs that have the machine to themselves, unless threads or executionProviders says what a run may have.',
          ),
        threads: z
          .number()
          .int()
          .min(1)
          .optional()
          .describe(
            "Threads that one run may use. Default: what the model's runtime takes by itself for one instance on a whole machine, else the cores that the server may use, shared among the instances.",
          ),
        maxBatch: z
          .number()
          .int()
          .min(1)
          .optional()
          .describe('Requests that may run together; 1 for no batches. Default 64.'),
        graphOptimization: z
          .enum(['disabled', 'basic', 'extended', 'all'])
          .optional()
          .describe('How far onnxruntime optimises the graph. Default all.'),
        executionProviders: z
          .array(z.string().min(1))
          .optional()
          .describe('What onnxruntime runs the model on, in order of preference. Default: the processor.'),
        network: z
          .boolean()
          .optional()
          .describe(
            'Whether a model of Python may open network connections in the containers that serve it. Default false.',
          ),
      })
      .optional()
      .describe('How the model server runs it.'),
  })
  .describe('A model file, under the name it is served by.');

/** Where images of models go, for targets of every kind. */
export const registrySchema = z
  .string()
  .regex(
    /^[\w.-]+(:\d+)?(\/[\w.-]+)*\/?$/,
    'A registry is named like ghcr.io/ada or registry.example.com:5000/models',
  )
  .describe(
    'The registry that images are pushed to and taken from, such as ghcr.io/ada; each model gets a repository of its name there. Default: images go straight to the engine.',
  );

function certificate(whose: string) {
  return z
    .string()
    .min(1)
    .optional()
    .describe(`${whose}: a PEM file, relative to the folder of slipway.json.`);
}

const dockerTargetSchema = z
  .strictObject({
    kind: z.literal('docker').describe('Releases are containers on a Docker engine.'),
    host: z
      .string()
      .regex(
        /^(unix|npipe|tcp|http|https|ssh):\/\/.+/,
        'An engine is named like unix:///var/run/docker.sock, ssh://ada@10.0.0.7 or tcp://10.0.0.7:2376',
      )
      .refine(
        (host) => !hasPassword(host),
        'No engine takes a password in its address: use ssh:// with a key, or tcp:// with "tls"',
      )
      .optional()
      .describe(
        'The engine: unix:///var/run/docker.sock, npipe:////./pipe/docker_engine, ssh://USER@HOST or tcp://HOST:PORT. Default: the setting slipway.docker.host.',
      ),
    context: z
      .string()
      .min(1)
      .optional()
      .describe("A context of Docker that names the engine, instead of host; see 'docker context ls'."),
    tls: z
      .strictObject({
        ca: certificate('Of the authority that the engine is known by'),
        cert: certificate('Ours'),
        key: certificate('The key of ours'),
      })
      .optional()
      .describe(
        "Certificates for an engine at tcp://. Default: those at DOCKER_CERT_PATH, or in Docker's folder.",
      ),
    bind: z
      .union([z.ipv4(), z.ipv6()], 'Expected an IP address, such as 127.0.0.1 or 0.0.0.0')
      .optional()
      .describe(
        "The address of the engine's machine on which releases answer. Default 127.0.0.1: that machine only.",
      ),
    ports: z
      .record(z.string(), port)
      .optional()
      .describe(
        "The stable port of each model, by the model's name. Default: the first free one from 8600 on.",
      ),
    memoryMiB: z
      .number()
      .int()
      .min(64)
      .optional()
      .describe('Memory that a release may use, in MiB. Default 1024.'),
    cpus: z
      .number()
      .positive()
      .optional()
      .describe('CPUs that a release may use: 0.5 is half of one. Default: all.'),
    gpus: z
      .union([z.literal('all'), z.number().int().min(1)])
      .optional()
      .describe('Graphics processors that a release may use: a number, or "all". Default: none.'),
    restart: z
      .enum(['no', 'unless-stopped', 'always'])
      .optional()
      .describe(
        'Whether the engine starts a release that serves again when it ends. Default: unless-stopped.',
      ),
    registry: registrySchema.optional(),
    ...platformFields,
    ...rolloutFields,
  })
  .refine(areNotBoth, notBoth)
  .refine(
    ({ platforms = [], registry }) => platforms.length < 2 || registry !== undefined,
    'Images for several "platforms" need a "registry"',
  )
  .describe('A place where releases run.');

const targetSchema = z
  .discriminatedUnion('kind', [dockerTargetSchema, kubernetesTargetSchema, kserveTargetSchema])
  .describe('A place where releases run.');

/** `slipway.json`. */
export const configSchema = z
  .strictObject({
    $schema: z.string().optional().describe('The JSON schema that describes this file.'),
    models: z
      .record(z.string().regex(name, `As the name of a model, ${nameWords}`), modelSchema)
      .optional()
      .describe('Models whose name or samples file is not the usual one.'),
    targets: z
      .record(z.string().regex(name, `As the name of a target, ${nameWords}`), targetSchema)
      .default({})
      .describe('Where models are deployed to, by name.'),
  })
  .superRefine(({ targets }, context) => {
    for (const { path, message } of sharedPorts(targets)) context.addIssue({ code: 'custom', path, message });
  })
  .meta({ title: 'Slipway' });

/** Ports that two models would hold at the same address. */
function sharedPorts(targets: Record<string, z.infer<typeof targetSchema>>) {
  const holders = new Map<string, string>();
  return Object.entries(targets).flatMap(([target, options]) => {
    if (options.kind !== 'docker') return [];
    const { host = '', bind = '127.0.0.1', ports = {} } = options;
    return Object.entries(ports).flatMap(([model, port]) => {
      const address = `${host} ${bind} ${port}`;
      const holder = holders.get(address);
      holders.set(address, `"${model}" on "${target}"`);
      const path = ['targets', target, 'ports', model];
      return holder ? [{ path, message: `${port} is already the port of ${holder}` }] : [];
    });
  });
}

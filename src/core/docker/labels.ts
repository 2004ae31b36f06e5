/** Every label that Slipway writes on containers, images, networks and volumes: what they say is the truth that views are built from. */
export const labels = {
  /** What it is: containers are `endpoint`, `release` or `proxy`, images `runtime`, `packages` or `model`, a volume is a note of a `build`. */
  kind: 'dev.slipway.kind',
  /** Name under which the model is served. */
  model: 'dev.slipway.model',
  /** File that the model was made from, on the machine that made it. */
  modelPath: 'dev.slipway.model-path',
  /** SHA-256 of the model, hexadecimal. */
  modelHash: 'dev.slipway.model-hash',
  target: 'dev.slipway.target',
  revision: 'dev.slipway.revision',
  note: 'dev.slipway.note',
  /** SHA-256 over the samples that prove it, hexadecimal. */
  samplesHash: 'dev.slipway.samples-hash',
  /** Commit of the workspace it was deployed from. */
  commit: 'dev.slipway.commit',
  /** Its image's place in a registry: `registry/name@sha256:…`. */
  image: 'dev.slipway.image',
  /** What of the target's configuration it was made with, as JSON. */
  settings: 'dev.slipway.settings',
  /** Who made it: `user@host`. */
  author: 'dev.slipway.author',
  /** When it was made, ISO 8601. */
  created: 'dev.slipway.created',
  /** Version of Slipway that made it. */
  version: 'dev.slipway.version',
  /** Name of the image that a runtime image was built on. */
  base: 'dev.slipway.base',
  /** The machines that a runtime image is for: `linux/amd64`. */
  platform: 'dev.slipway.platform',
  /** SHA-256 over the files of a runtime image, hexadecimal. */
  content: 'dev.slipway.content',
  /** The build that an image comes from, finished or not. */
  build: 'dev.slipway.build',
  /** Who builds: where, and the id of a process there. */
  host: 'dev.slipway.host',
  pid: 'dev.slipway.pid',
} as const;

interface Variable {
  /** The editor's setting that it stands for. */
  setting: string;
  meaning: string;
}

/** Environment variables in place of the editor's settings. */
export const variables = {
  SLIPWAY_DOCKER_HOST: {
    setting: 'slipway.docker.host',
    meaning: 'the Docker engine, also ssh:// or context://NAME; default: DOCKER_HOST or the usual socket',
  },
  SLIPWAY_NODE_BASE: {
    setting: 'slipway.image.nodeBase',
    meaning: 'image that images for ONNX models are built on',
  },
  SLIPWAY_PYTHON_BASE: {
    setting: 'slipway.image.pythonBase',
    meaning: 'image that images for models of Python are built on',
  },
  SLIPWAY_PROXY_IMAGE: {
    setting: 'slipway.image.proxy',
    meaning: 'image of the proxy that holds stable ports',
  },
  SLIPWAY_PYTHON: {
    setting: 'slipway.python.interpreter',
    meaning: 'Python for models that run as a process; default: python3',
  },
  SLIPWAY_NODE: {
    setting: 'slipway.server.nodePath',
    meaning: 'Node for servers on this machine; default: the one that runs slipway',
  },
  SLIPWAY_MEMORY_MIB: {
    setting: 'slipway.serve.memoryMiB',
    meaning: 'memory that a served model may use, in MiB; default: 1024',
  },
  SLIPWAY_TIMEOUT_SECONDS: {
    setting: 'slipway.predict.timeoutSeconds',
    meaning: 'how long one prediction may take; default: 30',
  },
} satisfies Record<string, Variable>;

export type VariableName = keyof typeof variables;

/** Words of the core, in which settings are called what they are called here. */
export function inVariables(words: string): string {
  return Object.entries(variables).reduce(
    (told, [name, { setting }]) => told.replaceAll(setting, name),
    words,
  );
}

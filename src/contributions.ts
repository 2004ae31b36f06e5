/** Every command, view, setting and context key, named once. A test holds `package.json` against these. */
export const commands = {
  compareRelease: 'slipway.compareRelease',
  copyCurl: 'slipway.copyCurl',
  copyReleaseLink: 'slipway.copyReleaseLink',
  copyUrl: 'slipway.copyUrl',
  createConfig: 'slipway.createConfig',
  createWorkflow: 'slipway.createWorkflow',
  deploy: 'slipway.deploy',
  deployAgain: 'slipway.deployAgain',
  exportManifests: 'slipway.exportManifests',
  finishDeploy: 'slipway.finishDeploy',
  newSamples: 'slipway.newSamples',
  openConfig: 'slipway.openConfig',
  openLogs: 'slipway.openLogs',
  openMetrics: 'slipway.openMetrics',
  openSamples: 'slipway.openSamples',
  planDeploy: 'slipway.planDeploy',
  predict: 'slipway.predict',
  predictWith: 'slipway.predictWith',
  promote: 'slipway.promote',
  recordExpected: 'slipway.recordExpected',
  refresh: 'slipway.refresh',
  releaseHistory: 'slipway.releaseHistory',
  removeEndpoint: 'slipway.removeEndpoint',
  removeRelease: 'slipway.removeRelease',
  restartEndpoint: 'slipway.restartEndpoint',
  rollBack: 'slipway.rollBack',
  scale: 'slipway.scale',
  serve: 'slipway.serve',
  setTraffic: 'slipway.setTraffic',
  showLog: 'slipway.showLog',
  showRelease: 'slipway.showRelease',
  stopEndpoint: 'slipway.stopEndpoint',
  openWalkthrough: 'slipway.openWalkthrough',
} as const;

/** Commands that only our own lenses and quick fixes call: not in `package.json`, so that nobody is offered them. */
export const internalCommands = {
  /** Cancels the prediction with a sample, or with all samples of a file. */
  cancelPredict: '_slipway.cancelPredict',
} as const;

export const views = {
  models: 'slipway.models',
  endpoints: 'slipway.endpoints',
  targets: 'slipway.targets',
} as const;

/** Settings with their types; the defaults stand in `package.json`. */
export interface Settings {
  /** Where *Serve Model* runs a model. */
  'slipway.serve.engine': 'auto' | 'container' | 'process';
  /** Memory limit of a served container, in MiB. */
  'slipway.serve.memoryMiB': number;
  /** Address of the Docker engine: `unix://`, `npipe://`, `tcp://`, `ssh://` or `context://`; empty for `DOCKER_HOST`, the chosen context or the usual socket. */
  'slipway.docker.host': string;
  /** Image that ONNX runtime images are built on. */
  'slipway.image.nodeBase': string;
  /** Image that images for models of Python are built on. */
  'slipway.image.pythonBase': string;
  /** Image of the proxy that holds a release's stable port. */
  'slipway.image.proxy': string;
  /** A Node binary for the process engine; empty for the editor's own. */
  'slipway.server.nodePath': string;
  /** Interpreter for models of Python that run as a process; empty for the Python extension's selection, else `python3`. */
  'slipway.python.interpreter': string;
  /** How long one prediction may take, in seconds. */
  'slipway.predict.timeoutSeconds': number;
  /** After how long without a prediction the server behind the editor's predictions stops, in minutes. */
  'slipway.predict.idleMinutes': number;
}

export const contextKeys = {
  /** Whether the workspace has a `slipway.json`. */
  hasConfig: 'slipway.hasConfig',
} as const;

import manifest from '../../package.json';
import type { Logger } from '../core/logger';
import type { variables } from './usage';

/** What the core is told where there is no editor: by the environment, with the editor's own defaults. */
export function settingsOf(env: NodeJS.ProcessEnv, log: Logger) {
  const said = (name: (typeof variables)[number][0], otherwise: string) => env[name]?.trim() || otherwise;
  const defaults = manifest.contributes.configuration.properties;
  return {
    dist: __dirname,
    version: manifest.version,
    log,
    nodePath: process.execPath,
    // Who runs it in a folder has decided to; clusters of clouds log in by the commands that their kubeconfig names.
    trusted: true,
    host: said('SLIPWAY_DOCKER_HOST', ''),
    nodeBase: said('SLIPWAY_NODE_BASE', defaults['slipway.image.nodeBase'].default),
    pythonBase: said('SLIPWAY_PYTHON_BASE', defaults['slipway.image.pythonBase'].default),
    proxyImage: said('SLIPWAY_PROXY_IMAGE', defaults['slipway.image.proxy'].default),
    python: said('SLIPWAY_PYTHON', 'python3'),
    timeoutSeconds: Number(said('SLIPWAY_TIMEOUT_SECONDS', '30')),
  };
}

export type CliSettings = ReturnType<typeof settingsOf>;

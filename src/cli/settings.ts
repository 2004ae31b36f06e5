import manifest from '../../package.json';
import type { Logger } from '../core/logger';
import { UsageError } from './call';
import type { VariableName } from './variables';

const defaults = manifest.contributes.configuration.properties;

/**
 * What the core is told where there is no editor: by the environment, with the editor's own defaults.
 * @throws UsageError that names the variable which says what can not be
 */
export function settingsOf(env: NodeJS.ProcessEnv, log: Logger) {
  const said = (name: VariableName, otherwise: string) => env[name]?.trim() || otherwise;
  const amount = (name: VariableName, unit: string, setting: { default: number; minimum: number }) => {
    const text = said(name, String(setting.default));
    const value = Number(text);
    if (Number.isFinite(value) && value >= setting.minimum) return value;
    throw new UsageError(`${name} takes a number of ${unit}, ${setting.minimum} or more, not ${text}.`);
  };
  return {
    dist: __dirname,
    version: manifest.version,
    log,
    nodePath: said('SLIPWAY_NODE', process.execPath),
    // Who runs it in a folder has decided to; clusters of clouds log in by the commands that their kubeconfig names.
    trusted: true,
    host: said('SLIPWAY_DOCKER_HOST', ''),
    nodeBase: said('SLIPWAY_NODE_BASE', defaults['slipway.image.nodeBase'].default),
    pythonBase: said('SLIPWAY_PYTHON_BASE', defaults['slipway.image.pythonBase'].default),
    proxyImage: said('SLIPWAY_PROXY_IMAGE', defaults['slipway.image.proxy'].default),
    python: said('SLIPWAY_PYTHON', 'python3'),
    memoryMiB: amount('SLIPWAY_MEMORY_MIB', 'MiB', defaults['slipway.serve.memoryMiB']),
    timeoutSeconds: amount('SLIPWAY_TIMEOUT_SECONDS', 'seconds', defaults['slipway.predict.timeoutSeconds']),
  };
}

export type CliSettings = ReturnType<typeof settingsOf>;

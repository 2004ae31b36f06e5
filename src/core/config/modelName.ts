import { resolve } from 'node:path';
import { titleOf } from '../model/modelKind';
import type { Config } from './config';

/** The name a model file is served by: the one in `slipway.json` at `root`, else made from its file name. */
export function modelName(path: string, config: Config | undefined, root: string): string {
  const configured = entryOf(path, config, root)?.[0];
  return configured ?? slug(titleOf(path));
}

/** The samples file that `slipway.json` at `root` names for a model, if it names one. */
export function configuredSamples(
  path: string,
  config: Config | undefined,
  root: string,
): string | undefined {
  const samples = entryOf(path, config, root)?.[1].samples;
  return samples === undefined ? undefined : resolve(root, samples);
}

/** Where `slipway.json` at `root` wants a model of Python to be loaded, if it says so. */
export function configuredPlace(
  path: string,
  config: Config | undefined,
  root: string,
): 'container' | 'process' | undefined {
  return entryOf(path, config, root)?.[1].run;
}

/** What `slipway.json` at `root` says about how a model is run, as arguments of the server. */
export function configuredArguments(path: string, config: Config | undefined, root: string): string[] {
  const { server, signature } = entryOf(path, config, root)?.[1] ?? {};
  const { instances, threads, maxBatch, graphOptimization, executionProviders, network } = server ?? {};
  const all: [flag: string, value: string | number | undefined][] = [
    ['--instances', instances],
    ['--threads', threads],
    ['--max-batch', maxBatch],
    ['--graph-optimization', graphOptimization],
    ['--execution-providers', executionProviders?.join(',')],
    ['--network', network ? 'any' : undefined],
    ['--signature', signature && JSON.stringify(signature)],
  ];
  return all.flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)]));
}

/** The files that `slipway.json` at `root` says are models, absolute. */
export function configuredPaths(config: Config | undefined, root: string): string[] {
  return Object.values(config?.models ?? {}).map(({ path }) => resolve(root, path));
}

function entryOf(path: string, config: Config | undefined, root: string) {
  return Object.entries(config?.models ?? {}).find(
    ([, model]) => resolve(root, model.path) === resolve(path),
  );
}

/** Small letters, digits and dashes: what Docker, Kubernetes and URLs take alike. */
function slug(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return plain || 'model';
}

import Docker from 'dockerode';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { labels } from '../../../src/core/docker/labels';
import { ContainerEngine, type ContainerEngineOptions } from '../../../src/core/endpoint/containerEngine';
import type { Endpoint, ServedModel } from '../../../src/core/endpoint/endpoint';
import type { Logger } from '../../../src/core/logger';
import { hashModel } from '../../../src/core/model/hashModel';
import type { TaskContext } from '../../../src/core/task';
import { baseImages } from '../../host/baseImages';
import { workspaceModel } from '../../unit/fixtures';

export const docker = new Docker();
export const dist = resolve('dist');
export const quiet: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** The workspace's iris model under a name of the test's own, by which {@link cleanUp} finds what it left. */
export async function served(name: string, path = workspaceModel('iris')): Promise<ServedModel> {
  return { name, path, hash: await hashModel(path) };
}

export function engineWith(options: Partial<ContainerEngineOptions> = {}): ContainerEngine {
  const defaults = {
    dist,
    version: '0.0.0',
    host: '',
    nodeBase: baseImages.node,
    pythonBase: baseImages.python,
    memoryMiB: 512,
    log: quiet,
  };
  return new ContainerEngine({ ...defaults, ...options });
}

export interface TestTask extends TaskContext {
  reports: string[];
  cancel: () => void;
}

/** A task that can be cancelled, also by itself at the first report that fits. */
export function taskOf(cancelAt?: RegExp): TestTask {
  const controller = new AbortController();
  const reports: string[] = [];
  return {
    signal: controller.signal,
    reports,
    report(message) {
      reports.push(message);
      if (cancelAt?.test(message)) controller.abort();
    },
    cancel: () => controller.abort(),
  };
}

/** Everything of a model that is on the engine: containers of any kind. */
export function containersOf(model: string): Promise<Docker.ContainerInfo[]> {
  return docker.listContainers({ all: true, filters: { label: [`${labels.model}=${model}`] } });
}

export async function cleanUp(...models: string[]): Promise<void> {
  for (const model of models) {
    for (const { Id } of await containersOf(model)) {
      await docker.getContainer(Id).remove({ force: true, v: true });
    }
    const images = await docker.listImages({ filters: { label: [`${labels.model}=${model}`] } });
    for (const { Id } of images)
      await docker
        .getImage(Id)
        .remove({ force: true })
        .catch(() => undefined);
  }
}

export function containerIdOf(endpoint: Endpoint): string {
  return endpoint.id.replace('container:', '');
}

/** Resolves when `condition` holds; fails when it does not in time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  milliseconds = 15_000,
): Promise<void> {
  for (const deadline = Date.now() + milliseconds; !(await condition()); await sleep(30)) {
    if (Date.now() > deadline) throw new Error(`It did not come to this: ${condition.toString()}`);
  }
}

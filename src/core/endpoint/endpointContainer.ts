import type Docker from 'dockerode';
import { labels } from '../docker/labels';
import type { Endpoint } from './endpoint';
import { probe } from './probe';

/** What containers of endpoints are labelled as. */
export const endpointKind = 'endpoint';
/** Where a server listens inside its container. */
export const serverPort = 8080;

/** How long a server may take to load its model until it counts as not healthy, in the engine's words. */
const youth = /^Up (Less than a second|\d+ seconds?|About a minute|[12] minutes?)\b/;
/** For how long a container that never ran counts as one that will, in milliseconds. */
const longestCreated = 60_000;
/** How a container ends that somebody stopped: by itself, by SIGKILL, by SIGTERM. */
const stoppedWith = [0, 137, 143];

/** A container as an endpoint, asked whether it predicts; undefined when it is none of ours or is being removed. */
export async function readContainer(
  container: Docker.ContainerInfo,
  host: string,
  signal: AbortSignal,
): Promise<Endpoint | undefined> {
  const label = (name: string) => container.Labels[name] ?? '';
  if (container.State === 'removing' || label(labels.model) === '') return undefined;
  const model = { name: label(labels.model), path: label(labels.modelPath), hash: label(labels.modelHash) };
  const created = new Date(label(labels.created) || container.Created * 1000);
  const endpoint = { id: `container:${container.Id}`, engine: 'container', model, created } as const;
  const port = container.Ports.find(
    ({ PrivatePort, PublicPort }) => PrivatePort === serverPort && PublicPort,
  );

  if (container.State === 'created') {
    const isYoung = Date.now() - container.Created * 1000 < longestCreated;
    return { ...endpoint, health: isYoung ? 'starting' : 'stopped' };
  }
  if (container.State === 'paused') return { ...endpoint, health: 'unhealthy', detail: 'It is paused.' };
  if (container.State !== 'running' || !port) {
    return { ...endpoint, health: 'stopped', detail: howItEnded(container.Status) };
  }
  const url = `http://${host}:${port.PublicPort}`;
  const found = await probe(url, model.name, signal);
  if (found.answer === 'ready') return { ...endpoint, url, health: 'ready' };
  return {
    ...endpoint,
    url,
    health: youth.test(container.Status) ? 'starting' : 'unhealthy',
    detail: found.detail,
  };
}

function howItEnded(status: string): string | undefined {
  const code = Number(/^Exited \((\d+)\)/.exec(status)?.[1] ?? 0);
  return stoppedWith.includes(code) ? undefined : `It ended with exit code ${code}. Its log may say why.`;
}

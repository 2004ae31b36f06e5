import type Docker from 'dockerode';
import { randomBytes } from 'node:crypto';
import type { TaskContext } from '../task';
import { unlessAborted } from '../unlessAborted';
import { statusOf } from './dockerErrors';
import { takeBack } from './takeBack';

/** The user who owns nothing, on every Linux. */
const nobody = '65534:65534';
const mebi = 1024 * 1024;

export interface HardenedOptions {
  name: string;
  Image: string;
  Labels: Record<string, string>;
  /** Ports of the container, and where each is published: without a `port` the engine chooses one. */
  publish: Record<number, { bind: string; port?: number }>;
  /** Default: the image's. */
  Entrypoint?: string[];
  /** Default: the image's. */
  Cmd?: string[];
  /** Default: the image's. */
  StopSignal?: string;
  /** Name of the network; default: the engine's bridge. */
  network?: string;
  /** Memory limit in MiB, without swap; default: none. */
  memoryMiB?: number;
  /** Processors; 0.5 is half of one. Default: all. */
  cpus?: number;
  /** Graphics processors: how many, or all. Default: none. */
  gpus?: number | 'all';
  /** Whether the root file system can be written; default: no. */
  writableRoot?: boolean;
  /** Whether its standard streams are somebody's, and it goes when it ends. Default: no. */
  attached?: boolean;
  /** Default: `no`. */
  restart?: 'no' | 'always' | 'unless-stopped';
}

/**
 * Makes, but does not start, a container that can do no more than answer on its ports: a user that is not root, a read-only root
 * with a small `/tmp`, no capabilities, no new privileges, limits. It can not be cancelled, so that no container is left without
 * somebody who knows its id: {@link whenMade} can.
 */
export function createHardened(docker: Docker, options: HardenedOptions): Promise<Docker.Container> {
  const { name, Image, Labels, Entrypoint, Cmd, StopSignal, memoryMiB, cpus, network, restart } = options;
  const ports = Object.entries(options.publish).map(([port, where]) => [`${port}/tcp`, where] as const);
  const memory = memoryMiB && Math.round(memoryMiB * mebi);
  return docker.createContainer({
    name,
    Image,
    Labels,
    ...(Entrypoint && { Entrypoint }),
    ...(Cmd && { Cmd }),
    ...(StopSignal && { StopSignal }),
    ...(options.attached && {
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    }),
    User: nobody,
    ExposedPorts: Object.fromEntries(ports.map(([port]) => [port, {}])),
    HostConfig: {
      Init: true,
      ...(options.attached && { AutoRemove: true }),
      ReadonlyRootfs: !options.writableRoot,
      Tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=64m' },
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: 512,
      PortBindings: Object.fromEntries(
        ports.map(([port, where]) => [port, [{ HostIp: where.bind, HostPort: String(where.port ?? '') }]]),
      ),
      RestartPolicy: { Name: restart ?? 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
      ...(network && { NetworkMode: network }),
      ...(memory && { Memory: memory, MemorySwap: memory }),
      ...(cpus && { NanoCpus: Math.round(cpus * 1e9) }),
      ...(options.gpus && {
        DeviceRequests: [{ Count: options.gpus === 'all' ? -1 : options.gpus, Capabilities: [['gpu']] }],
      }),
    },
  });
}

/** Waits for a container that an engine makes. Cancelled, it is removed as soon as the engine has made it. */
export async function whenMade(
  docker: Docker,
  making: Promise<Docker.Container>,
  task: TaskContext,
): Promise<Docker.Container> {
  try {
    return await unlessAborted(making, task.signal);
  } catch (error) {
    const gone = making.then(
      ({ id }) => removeContainer(docker, id),
      () => undefined,
    );
    await takeBack('The container that was begun', () => gone, task);
    throw error;
  }
}

/** Starts a container, and resolves to whether it did not run before. Cancelled, the engine may start it still. */
export async function startContainer(container: Docker.Container, signal: AbortSignal): Promise<boolean> {
  try {
    // Of a signal the client would make a body, with which engines refuse to start.
    await unlessAborted(container.start() as Promise<unknown>, signal);
    return true;
  } catch (error) {
    if (statusOf(error) !== 304) throw error;
    return false;
  }
}

/** A name for a new container of a model: `slipway-iris-4f1c09`. */
export function containerName(model: string): string {
  return `slipway-${slug(model)}-${randomBytes(3).toString('hex')}`;
}

/** What Docker takes as part of a name, for any text. */
export function slug(text: string): string {
  const safe = text.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return safe.slice(0, 50).replace(/^-+|-+$/g, '') || 'model';
}

/** Port of the engine's machine on which a container's port is published; undefined while it does not run. */
export function publishedPort(info: Docker.ContainerInspectInfo, port: number): number | undefined {
  const bindings = info.NetworkSettings.Ports[`${port}/tcp`] as { HostPort?: string }[] | null | undefined;
  return Number(bindings?.[0]?.HostPort) || undefined;
}

/** What the engine knows about a container; undefined when it is gone. */
export async function findContainer(
  docker: Docker,
  id: string,
  signal?: AbortSignal,
): Promise<Docker.ContainerInspectInfo | undefined> {
  try {
    return await docker.getContainer(id).inspect({ abortSignal: signal });
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** Ends a container if need be and removes it with its volumes. One that is gone, or going, is fine. Can not be cancelled. */
export async function removeContainer(docker: Docker, id: string): Promise<void> {
  try {
    await docker.getContainer(id).remove({ force: true, v: true });
  } catch (error) {
    if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
  }
}

/** How a container ended: `exit code 137, out of memory`; undefined while it runs and before its first start. */
export function howItEnded(state: Docker.ContainerInspectInfo['State']): string | undefined {
  if (state.Running || state.Status === 'created') return undefined;
  return [`exit code ${state.ExitCode}`, state.OOMKilled && 'out of memory', state.Error]
    .filter(Boolean)
    .join(', ');
}

export { followLogs, lastLogs } from './containerLogs';

import type Docker from 'dockerode';
import { checkEngine } from '../docker/checkEngine';
import { connect, engineAddress, engineHostName } from '../docker/connect';
import {
  containerName,
  createHardened,
  findContainer,
  howItEnded,
  publishedPort,
  removeContainer,
  startContainer,
  whenMade,
} from '../docker/containers';
import { followLogs, lastLogs } from '../docker/containerLogs';
import { inWords } from '../docker/dockerErrors';
import { followEvents } from '../docker/followEvents';
import { labels } from '../docker/labels';
import { takeBack } from '../docker/takeBack';
import { UserError } from '../errors';
import { removeAbandoned } from '../image/buildNotes';
import { checkDisk } from '../image/checkDisk';
import { buildModelImage } from '../image/modelImage';
import { ensureImageFor } from '../image/imageFor';
import type { Logger } from '../logger';
import type { TaskContext } from '../task';
import { endpointKind, readContainer, serverPort } from './endpointContainer';
import type { Endpoint, EndpointEngine, ServedModel } from './endpoint';
import { serverFailure, silentEnds } from './serverFailure';
import { untilReady } from './untilReady';
import { WatchedEvent } from './watchedEvent';

/** Read anew each time, so that it may be an object whose properties follow the settings. */
export interface ContainerEngineOptions {
  /** The folder with the server's bundle. */
  readonly dist: string;
  /** Slipway's version. */
  readonly version: string;
  /** Address of the Docker engine; empty for `DOCKER_HOST` or the usual socket. */
  readonly host: string;
  /** Image that runtime images are built on. */
  readonly nodeBase: string;
  /** Image that images for models of Python are built on. */
  readonly pythonBase: string;
  /** Memory limit of a container, in MiB. */
  readonly memoryMiB: number;
  /** Where on the engine's machine servers answer. Default: any free port of loopback. */
  readonly publish?: { bind: string; port?: number };
  readonly log: Logger;
}

const loopback = '127.0.0.1';
/** How long a server may take to answer what it was asked before it is ended, in seconds. */
const graceSeconds = 10;
const failureLines = 20;
/** How often to ask the engine whether a container that starts still runs, in milliseconds. */
const lookInterval = 100;

/** Model servers as containers of a Docker engine on this machine, found again by their labels. */
export class ContainerEngine implements EndpointEngine {
  readonly kind = 'container';
  readonly #changes = new WatchedEvent((fire, signal) => this.#watch(fire, signal));
  readonly onChange = this.#changes.event;
  #watchedHost = '';

  constructor(private readonly options: ContainerEngineOptions) {}

  async check(signal: AbortSignal): Promise<void> {
    const host = this.options.host;
    await checkEngine(connect(host), engineAddress(host), signal);
    if (engineHostName(host) === loopback) return;
    throw new UserError(
      'engine-refused',
      `The Docker engine at ${engineAddress(host)} is on another machine: what it serves on its loopback can not be reached from here.`,
      'Deploy to a target there, or serve with an engine on this machine (slipway.docker.host).',
    );
  }

  async list(signal: AbortSignal): Promise<Endpoint[]> {
    const host = this.options.host;
    if (this.#watchedHost !== host) this.#changes.restart();
    const filters = { label: [`${labels.kind}=${endpointKind}`] };
    const containers = await this.#inWords('list its containers', signal, (docker) =>
      docker.listContainers({ all: true, filters, abortSignal: signal }),
    );
    const found = await Promise.all(
      containers.map((container) => readContainer(container, loopback, signal)),
    );
    return found.filter((endpoint) => endpoint !== undefined);
  }

  async serve(model: ServedModel, task: TaskContext): Promise<Endpoint> {
    await this.check(task.signal);
    const docker = this.#docker();
    await this.#inWords(`look at the disk for ${model.name}`, task.signal, () =>
      checkDisk(docker, this.options.host, model, task.signal),
    );
    const runtime = await ensureImageFor(docker, this.options, model.path, task);
    const { digest } = await buildModelImage(docker, runtime, model, task);
    return this.#inWords(`start ${model.name}`, task.signal, async () => {
      const container = await whenMade(docker, this.#create(docker, digest, model), task);
      try {
        await this.#start(container, model, task);
        return await this.#found(container.id, task.signal);
      } catch (error) {
        const what = `The container of ${model.name}`;
        await takeBack(what, () => removeContainer(docker, container.id), task);
        throw error;
      }
    });
  }

  stop(endpoint: Endpoint, task: TaskContext): Promise<void> {
    task.report(`Stopping ${endpoint.model.name}`);
    return this.#inWords(`stop ${endpoint.model.name}`, task.signal, async (docker) => {
      // The engine answers 304 when it does not run.
      await docker.getContainer(idOf(endpoint)).stop({ t: graceSeconds }).catch(unlessStatus(304));
    });
  }

  restart(endpoint: Endpoint, task: TaskContext): Promise<void> {
    const { name } = endpoint.model;
    return this.#inWords(`restart ${name}`, task.signal, async (docker) => {
      const container = docker.getContainer(idOf(endpoint));
      await this.stop(endpoint, task);
      await this.#start(container, endpoint.model, task);
    });
  }

  remove(endpoint: Endpoint, task: TaskContext): Promise<void> {
    const { name } = endpoint.model;
    task.report(`Removing ${name}`);
    return this.#inWords(`remove ${name}`, task.signal, async (docker) => {
      const found = await findContainer(docker, idOf(endpoint), task.signal);
      await removeContainer(docker, idOf(endpoint));
      // Unless another container is made of it.
      if (found) await docker.getImage(found.Image).remove().catch(unlessStatus(404, 409));
    });
  }

  logs(endpoint: Endpoint, signal: AbortSignal): AsyncIterable<string> {
    return followLogs(this.#docker().getContainer(idOf(endpoint)), signal);
  }

  dispose(): void {
    this.#changes.dispose();
  }

  #create(docker: Docker, image: string, model: ServedModel): Promise<Docker.Container> {
    return createHardened(docker, {
      name: containerName(model.name),
      Image: image,
      Labels: {
        [labels.kind]: endpointKind,
        [labels.model]: model.name,
        [labels.modelPath]: model.path,
        [labels.modelHash]: model.hash,
        [labels.created]: new Date().toISOString(),
        [labels.version]: this.options.version,
      },
      publish: { [serverPort]: this.options.publish ?? { bind: loopback } },
      memoryMiB: this.options.memoryMiB,
    });
  }

  /** Starts a container and resolves when it predicts. */
  async #start(container: Docker.Container, model: ServedModel, task: TaskContext): Promise<void> {
    task.report(`Starting ${model.name}`);
    task.signal.throwIfAborted();
    await startContainer(container, task.signal);
    let url: string | undefined;
    let looked = 0;
    const where = async () => {
      if (url !== undefined && performance.now() - looked < lookInterval) return url;
      looked = performance.now();
      const found = await container.inspect({ abortSignal: task.signal });
      const ended = howItEnded(found.State);
      if (ended !== undefined)
        throw serverFailure(model.name, ended, await lastLogs(container, failureLines), silentEnds.container);
      const port = publishedPort(found, serverPort);
      return (url = port === undefined ? undefined : `http://${loopback}:${port}`);
    };
    const ready = await untilReady(model.name, where, task.signal);
    this.options.log.info(`Serving ${model.path} at ${ready} (container ${container.id.slice(0, 12)})`);
  }

  async #found(id: string, signal: AbortSignal): Promise<Endpoint> {
    const filters = { id: [id] };
    const [container] = await this.#docker().listContainers({ all: true, filters, abortSignal: signal });
    const endpoint = container && (await readContainer(container, loopback, signal));
    if (endpoint) return endpoint;
    throw new UserError(
      'endpoint-gone',
      'The container was removed while it started.',
      'Serve the model again.',
    );
  }

  #watch(fire: () => void, signal: AbortSignal): void {
    this.#watchedHost = this.options.host;
    try {
      const docker = this.#docker();
      void followEvents(docker, `${labels.kind}=${endpointKind}`, fire, signal);
      void removeAbandoned(docker, signal, (words) => this.options.log.debug(words));
    } catch {
      // An address that is none: whoever lists is told.
    }
  }

  #docker(): Docker {
    return connect(this.options.host);
  }

  #inWords<T>(doing: string, signal: AbortSignal, work: (docker: Docker) => Promise<T>): Promise<T> {
    return inWords(doing, signal, () => work(this.#docker()), engineAddress(this.options.host));
  }
}

function idOf(endpoint: Endpoint): string {
  return endpoint.id.slice('container:'.length);
}

/** Lets pass what the engine answers with one of these. */
function unlessStatus(...statuses: number[]): (error: unknown) => void {
  return (error) => {
    if (!statuses.includes((error as { statusCode?: number }).statusCode ?? 0)) throw error;
  };
}

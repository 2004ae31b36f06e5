import { setTimeout as sleep } from 'node:timers/promises';
import { get } from '../../../src/core/target/http';
import { ContainerProcess } from './containerProcess';
import type { Container, PodBoard } from './podBoard';

/** What shall go wrong with a pod. */
export type Failure =
  | { kind: 'ImagePullBackOff'; message: string; /** What the node warns of. */ event?: string }
  /** `once`: it is well the second time. */
  | { kind: 'ErrImagePull'; message: string; once?: boolean }
  | { kind: 'CreateContainerConfigError'; message: string }
  /** Its container is never made, and the node warns of why. */
  | { kind: 'Event'; reason: string; message: string }
  | { kind: 'Unschedulable'; message: string }
  | { kind: 'OOMKilled' }
  /** Its image is for other machines. */
  | { kind: 'ExecFormat' };

/** What a container writes that a node can not run. */
const wrongMachine = [
  '-e',
  'console.error("exec /usr/local/bin/node: exec format error"); process.exit(255)',
];
/** The longest pause between two starts of a server that ends each time, in milliseconds; real ones wait longer. */
const BACKOFF_MS = 1_000;
const PROBE_MS = 150;
/** When an image that could not be pulled is pulled again, in milliseconds. */
const PULL_AGAIN_MS = 1_000;

/** What a node does for one pod: runs its container, asks its probes, and says in its status how it is. */
export class PodRunner {
  current: ContainerProcess | undefined;
  previous: ContainerProcess | undefined;
  #restarts = 0;
  readonly #end = new AbortController();

  constructor(
    private readonly board: PodBoard,
    readonly name: string,
    private readonly modelOf: (image: string) => string | undefined,
    private readonly failure: Failure | undefined,
  ) {
    void this.#run().catch((error: unknown) => {
      if (!this.#end.signal.aborted) throw error;
    });
  }

  /** Ends its container as a node does: politely, then not. */
  async stop(): Promise<void> {
    this.#end.abort();
    const { current } = this;
    if (!current || current.exitCode !== undefined) return;
    current.kill('SIGTERM');
    await Promise.race([current.ended, sleep(10_000, undefined, { ref: false })]);
    current.kill('SIGKILL');
  }

  /** Ends it as a node that fails would. */
  kill(): void {
    this.current?.kill('SIGKILL');
  }

  async #run(): Promise<void> {
    const { failure } = this;
    const { signal } = this.#end;
    if (failure?.kind === 'Unschedulable') {
      const reason = { status: 'False' as const, reason: 'Unschedulable', message: failure.message };
      return this.board.say({ phase: 'Pending', conditions: [{ type: 'PodScheduled', ...reason }] });
    }
    this.board.take();
    const waiting = { reason: 'ContainerCreating' };
    this.#sayContainer({ ready: false, state: { waiting } });
    if (failure?.kind === 'Event') return this.board.warn(failure.reason, failure.message);
    if (failure && 'message' in failure) {
      const { kind, message } = failure;
      if (failure.kind === 'ImagePullBackOff' && failure.event) this.board.warn('Failed', failure.event);
      this.#sayContainer({ ready: false, state: { waiting: { reason: kind, message } } });
      if (failure.kind !== 'ErrImagePull' || !failure.once) return;
      await sleep(PULL_AGAIN_MS, undefined, { signal });
    }
    const args = this.#args();
    if (!args) {
      const message = `Back-off pulling image "${this.#container().image}"`;
      return this.#sayContainer({
        ready: false,
        state: { waiting: { reason: 'ImagePullBackOff', message } },
      });
    }
    while (!signal.aborted) {
      this.current = new ContainerProcess(failure?.kind === 'ExecFormat' ? wrongMachine : args);
      if (failure?.kind === 'OOMKilled') setTimeout(() => this.kill(), 100);
      await this.#watch(this.current);
      if (signal.aborted) return;
      this.previous = this.current;
      const terminated = {
        exitCode: this.current.exitCode ?? 137,
        reason:
          failure?.kind === 'OOMKilled' ? 'OOMKilled' : this.current.exitCode === 0 ? 'Completed' : 'Error',
      };
      this.#sayContainer({ ready: false, state: { terminated } });
      await sleep(50, undefined, { signal });
      this.#restarts++;
      const backOff = { reason: 'CrashLoopBackOff', message: `back-off restarting failed container` };
      this.#sayContainer({ ready: false, state: { waiting: backOff }, lastState: { terminated } });
      await sleep(BACKOFF_MS, undefined, { signal });
    }
  }

  /** Asks the readiness probe until the container ends. */
  async #watch(container: ContainerProcess): Promise<void> {
    const path = this.#container().readinessProbe?.httpGet?.path ?? '/v2/health/ready';
    const running = { startedAt: container.started.toISOString() };
    let said: boolean | undefined;
    while (container.exitCode === undefined && !this.#end.signal.aborted) {
      const url = container.url && new URL(path, container.url).href;
      const ready = url !== undefined && (await get(url, this.#end.signal))?.status === 200;
      if (ready !== said) this.#sayContainer({ ready, state: { running } });
      said = ready;
      await Promise.race([sleep(PROBE_MS, undefined, { signal: this.#end.signal }), container.ended]);
    }
  }

  /** Names of its containers, as its pod has them. */
  get containers(): string[] {
    return this.board.containers.map(({ name }) => name);
  }

  /** The one that runs: others are put before it. */
  get server(): string {
    return this.#container().name;
  }

  #container(): Container {
    return this.board.containers.at(-1) as Container;
  }

  /** Its arguments, with the model at its place on this machine and a free port; undefined where the image is unknown. */
  #args(): string[] | undefined {
    const { image, args = [] } = this.#container();
    const model = this.modelOf(image);
    if (model === undefined) return undefined;
    const replaced: Record<string, string> = { '--model': model, '--host': '127.0.0.1', '--port': '0' };
    return args.map((word, index) => replaced[args[index - 1] ?? ''] ?? word);
  }

  #sayContainer(status: { ready: boolean; state: object; lastState?: object }): void {
    const { name, image } = this.#container();
    const { ready } = status;
    const is = ready ? 'True' : 'False';
    this.board.say({
      phase: 'running' in status.state ? 'Running' : 'Pending',
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: is },
        { type: 'ContainersReady', status: is },
      ],
      containerStatuses: [
        ...this.containers.slice(0, -1).map(sidecarStatus),
        { name, image, imageID: image, restartCount: this.#restarts, ...this.#lastState(), ...status },
      ],
    });
  }

  #lastState(): object {
    if (!this.previous) return {};
    return { lastState: { terminated: { exitCode: this.previous.exitCode ?? 137, reason: 'Error' } } };
  }
}

function sidecarStatus(name: string): object {
  const state = { running: { startedAt: new Date().toISOString() } };
  return { name, image: name, imageID: name, ready: true, restartCount: 0, state };
}

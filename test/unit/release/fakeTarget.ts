import type { Built } from '../../../src/core/image/buildImages';
import { setTimeout as sleep } from 'node:timers/promises';
import { readProof } from '../../../src/core/target/proof';
import type { Change, Release, ReleaseRequest, Standing, Target } from '../../../src/core/target/target';
import type { TaskContext } from '../../../src/core/task';

export function release(revision: number, state: Release['state'], more: Partial<Release> = {}): Release {
  return {
    id: `staging/iris/${revision}`,
    target: 'staging',
    model: { name: 'iris', path: '/models/iris.onnx', hash: 'ab' },
    revision,
    state,
    health: 'ready',
    traffic: state === 'serving' ? 100 : 0,
    digest: 'sha256:before',
    note: '',
    author: 'ada@home',
    created: new Date(0),
    ...more,
  };
}

/** A target in memory. It holds to the interface: what is cancelled while it starts leaves nothing. */
export class FakeTarget implements Target {
  readonly kind = 'docker';
  readonly address = 'memory:';
  readonly calls: string[] = [];
  /** By the name of a method: an error to throw, or how long it takes in milliseconds. */
  readonly behaviour: Partial<Record<keyof Target, Error | number>> = {};
  log: string[] = [];
  /** Where candidates answer. */
  url: string | undefined;
  disposed = false;

  constructor(
    readonly name = 'staging',
    public releases: Release[] = [],
  ) {}

  async check(_request: ReleaseRequest | undefined, task: TaskContext): Promise<Standing> {
    await this.#behave('check', task.signal);
    return { warnings: [] };
  }

  async plan(_request: ReleaseRequest, task: TaskContext): Promise<Change[]> {
    await this.#behave('plan', task.signal);
    return [{ action: 'create', what: 'a revision in memory' }];
  }

  async list(signal: AbortSignal): Promise<Release[]> {
    await this.#behave('list', signal);
    return [...this.releases];
  }

  async build(_request: ReleaseRequest, task: TaskContext): Promise<Built> {
    await this.#behave('build', task.signal);
    return ['sha256:0123456789abcdef'];
  }

  push?: Target['push'];
  manifests?: Target['manifests'];
  watch?: Target['watch'];

  /** From now on images come to it through a registry. */
  takesFromRegistry(): void {
    this.push = async (_request, [digest], task) => {
      await this.#behave('push', task.signal);
      return `registry.example/iris@${digest}`;
    };
  }

  async apply(request: ReleaseRequest, digest: string, task: TaskContext): Promise<Release> {
    await this.#behave('apply', task.signal);
    const revision = Math.max(0, ...this.releases.map((existing) => existing.revision)) + 1;
    const { model, ...notes } = request;
    const candidate = release(revision, 'candidate', { ...notes, model, digest, url: this.url });
    this.releases.push(candidate);
    return candidate;
  }

  async promote(promoted: Release, task: TaskContext, proof = ''): Promise<Release> {
    await this.#behave('promote', task.signal);
    this.releases = this.releases.map((existing) => {
      if (existing.revision === promoted.revision)
        return { ...existing, state: 'serving', traffic: 100, ...readProof(proof) };
      return existing.state === 'serving' ? { ...existing, state: 'retired', traffic: 0 } : existing;
    });
    return this.releases.find((existing) => existing.revision === promoted.revision) as Release;
  }

  async fail(failed: Release, reason: string, task: TaskContext): Promise<void> {
    await this.#behave('fail', task.signal, reason);
    this.releases = this.releases.filter((existing) => existing.id !== failed.id);
  }

  async remove(removed: Release, task: TaskContext): Promise<string[]> {
    await this.#behave('remove', task.signal);
    this.releases = this.releases.filter((existing) => existing.id !== removed.id);
    return [];
  }

  async *logs(_release: Release, signal: AbortSignal): AsyncIterable<string> {
    yield* this.log;
    await sleep(60_000, undefined, { signal, ref: false }).catch(() => undefined);
  }

  dispose(): void {
    this.disposed = true;
  }

  async #behave(method: keyof Target, signal: AbortSignal, detail = ''): Promise<void> {
    this.calls.push(detail ? `${method}: ${detail}` : method);
    const behaviour = this.behaviour[method];
    if (behaviour instanceof Error) throw behaviour;
    await sleep(behaviour ?? 0, undefined, { signal });
  }
}

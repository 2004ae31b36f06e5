import type { Config, TargetConfig } from '../config/config';
import { DisposableStore, type Disposable } from '../dispose';
import { UserError, messageOf, whyOf } from '../errors';
import { Emitter, type Event } from '../event';
import type { Logger } from '../logger';
import type { Release, Target } from '../target/target';

/** How long one target may take to list its releases, in milliseconds. */
const REFRESH_MS = 5_000;
const POLL_MS = 4_000;
/** How often a target is asked that tells by itself of what changes, in milliseconds. */
const SLOW_POLL_MS = 30_000;
/** What happens within so long after an event is looked at together, in milliseconds. */
const GATHER_MS = 200;

interface Entry {
  target: Target;
  /** The configuration that the target was made from, as text. */
  made: string;
  /** What it said last. */
  releases: Release[];
  /** Why it is away. */
  error?: Error;
  /** When it said last what it has. */
  answered?: Date;
  /** Whether it was ever listed. */
  known: boolean;
  /** When it was listed last, by `performance.now()`. */
  asked: number;
  running?: Promise<void>;
  next?: Promise<void>;
  /** Present while the target tells by itself of what changes. */
  watched?: AbortController;
}

/**
 * The targets of a configuration and what runs on them. It holds what the targets said last and nothing of its own:
 * a release that another window or colleague made shows up with the next refresh.
 */
export class TargetStore implements Disposable {
  readonly #changed = new Emitter<void>();
  readonly onChange: Event<void> = this.#changed.event;
  #entries: Entry[] = [];
  /** Work that began with one of them may use it still, or connect it anew: they are disposed of after all such work. */
  readonly #replaced: Target[] = [];
  #works = 0;
  #watchers = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly make: (name: string, config: TargetConfig) => Target,
    private readonly log: Logger,
  ) {}

  /** Takes the targets of a configuration; those that did not change keep what is known about them. */
  configure(config: Config | undefined): void {
    const before = this.#entries;
    this.#entries = Object.entries(config?.targets ?? {}).map(([name, options]) => {
      const made = JSON.stringify(options);
      const same = before.find((entry) => entry.target.name === name && entry.made === made);
      return same ?? { target: this.make(name, options), made, releases: [], known: false, asked: 0 };
    });
    this.#replace(before.filter((entry) => !this.#entries.includes(entry)));
    if (this.#works === 0) this.#disposeOfReplaced();
    if (this.#watchers > 0) for (const entry of this.#entries) this.#listen(entry);
    this.#changed.fire();
  }

  targets(): Target[] {
    return this.#entries.map((entry) => entry.target);
  }

  get(name: string): Target | undefined {
    return this.targets().find((target) => target.name === name);
  }

  /** What runs on a target as it said last, newest revision first; empty while it is away. */
  releases(target: Target): Release[] {
    const { releases = [], error } = this.#entry(target) ?? {};
    return error ? [] : releases;
  }

  /** What a target had when it answered last, while it is away: whether it has it still, and how that is, nobody knows. */
  lastKnown(target: Target): Release[] {
    const { releases = [], error } = this.#entry(target) ?? {};
    if (!error) return [];
    return releases.map((release) => ({ ...release, health: 'unknown', detail: whyOf(error) }));
  }

  /** Why a target can not say what runs on it; undefined when it can, or was not asked yet. */
  error(target: Target): Error | undefined {
    return this.#entry(target)?.error;
  }

  /** The targets that can not say what runs on them, and why: what is missing may be there. */
  away(): { target: Target; error: Error }[] {
    return this.#entries.flatMap(({ target, error }) => (error ? [{ target, error }] : []));
  }

  /** When a target said last what runs on it; undefined when it never did. */
  answered(target: Target): Date | undefined {
    return this.#entry(target)?.answered;
  }

  /** Whether a target was asked yet. */
  known(target: Target): boolean {
    return this.#entry(target)?.known ?? false;
  }

  /**
   * Asks all targets at the same time, and resolves when each has answered or its few seconds are over. Never rejects.
   * What happened before the call is seen: a refresh that already runs is followed by another.
   */
  async refresh(): Promise<void> {
    await Promise.all(this.#entries.map((entry) => this.#look(entry)));
  }

  /**
   * Does something that changes what runs on targets, with the configuration that it began with: a target that is replaced meanwhile is
   * disposed of only when all such work is done.
   */
  async keepDuring<T>(work: () => Promise<T>): Promise<T> {
    this.#works++;
    try {
      return await work();
    } finally {
      this.#works--;
      if (this.#works === 0) this.#disposeOfReplaced();
    }
  }

  /**
   * Keeps what is known up to date until it is disposed of: by what the targets tell, and by asking them every few seconds, or now and then
   * those that tell and are well.
   */
  watch(): Disposable {
    this.#watchers++;
    if (this.#watchers === 1) {
      void this.refresh();
      for (const entry of this.#entries) this.#listen(entry);
      this.#timer = setInterval(() => this.#poll(), POLL_MS);
    }
    const watcher = new DisposableStore();
    watcher.add({
      dispose: () => {
        this.#watchers--;
        if (this.#watchers > 0) return;
        clearInterval(this.#timer);
        this.#entries.forEach(stopListening);
      },
    });
    return watcher;
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#changed.dispose();
    this.#replace(this.#entries);
    this.#entries = [];
    this.#disposeOfReplaced();
  }

  #replace(entries: Entry[]): void {
    entries.forEach(stopListening);
    this.#replaced.push(...entries.map(({ target }) => target));
  }

  #disposeOfReplaced(): void {
    for (const target of this.#replaced) target.dispose();
  }

  #poll(): void {
    const now = performance.now();
    for (const entry of this.#entries) {
      const rests = entry.watched && isAtRest(entry) && now - entry.asked < SLOW_POLL_MS;
      if (!rests) void this.#look(entry);
    }
  }

  /** Looks at a target whenever it says that something changed, until nobody watches any more. */
  #listen(entry: Entry): void {
    const { target } = entry;
    if (!target.watch || entry.watched) return;
    const watched = new AbortController();
    entry.watched = watched;
    let gathering: NodeJS.Timeout | undefined;
    const look = () => {
      gathering = undefined;
      if (!watched.signal.aborted) void this.#look(entry);
    };
    target
      .watch(() => (gathering ??= setTimeout(look, GATHER_MS).unref()), watched.signal)
      .catch((error: unknown) => this.log.debug(`${target.name}: ${messageOf(error)}`))
      .finally(() => {
        if (entry.watched === watched) delete entry.watched;
      });
  }

  /** What happened before the call is seen: a look that already runs is followed by another. */
  #look(entry: Entry): Promise<void> {
    if (entry.running) {
      return (entry.next ??= entry.running.then(() => {
        delete entry.next;
        return this.#look(entry);
      }));
    }
    return (entry.running = this.#refreshOne(entry).finally(() => delete entry.running));
  }

  #entry(target: Target): Entry | undefined {
    return this.#entries.find((entry) => entry.target.name === target.name);
  }

  async #refreshOne(entry: Entry): Promise<void> {
    const before = snapshot(entry);
    entry.asked = performance.now();
    try {
      entry.releases = sorted(await listWithin(entry.target, REFRESH_MS));
      entry.error = undefined;
      entry.answered = new Date();
    } catch (error) {
      this.log.debug(`${entry.target.name}: ${messageOf(error)}`);
      entry.error = error instanceof Error ? error : new Error(String(error));
    }
    entry.known = true;
    if (snapshot(entry) !== before) this.#changed.fire();
  }
}

/** A target may not heed the signal while it connects, so the time limit does not depend on it. */
async function listWithin(target: Target, milliseconds: number): Promise<Release[]> {
  const signal = AbortSignal.timeout(milliseconds);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () =>
      reject(
        new UserError(
          target.kind === 'docker' ? 'engine-unreachable' : 'cluster-unreachable',
          `${target.name} at ${target.address} did not answer within ${String(milliseconds / 1000)} s.`,
          'Check that it runs, and that this machine may reach it.',
        ),
      ),
    );
  });
  return Promise.race([target.list(signal), late]);
}

/** What starts or is not well may change without an event: whether a server is ready is asked of the server itself. */
function isAtRest({ releases, error }: Entry): boolean {
  return !error && releases.every(({ health }) => health === 'ready' || health === 'stopped');
}

function stopListening(entry: Entry): void {
  entry.watched?.abort();
  delete entry.watched;
}

function sorted(releases: Release[]): Release[] {
  return [...releases].sort((a, b) => a.model.name.localeCompare(b.model.name) || b.revision - a.revision);
}

function snapshot({ releases, error, known }: Entry): string {
  return JSON.stringify([releases, error?.message, known]);
}

import type { Config, TargetConfig } from '../config/config';
import { DisposableStore, type Disposable } from '../dispose';
import { messageOf } from '../errors';
import { Emitter, type Event } from '../event';
import type { Logger } from '../logger';
import type { Release, Target } from '../target/target';

/** How long one target may take to list its releases, in milliseconds. */
const REFRESH_MS = 5_000;
const POLL_MS = 4_000;

interface Entry {
  target: Target;
  /** The configuration that the target was made from, as text. */
  made: string;
  releases: Release[];
  error?: Error;
  /** When it said last what it has. */
  answered?: Date;
  /** Whether it was ever listed. */
  known: boolean;
}

/**
 * The targets of a configuration and what runs on them. It holds what the targets said last and nothing of its own:
 * a release that another window or colleague made shows up with the next refresh.
 */
export class TargetStore implements Disposable {
  readonly #changed = new Emitter<void>();
  readonly onChange: Event<void> = this.#changed.event;
  #entries: Entry[] = [];
  #watchers = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

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
      return same ?? { target: this.make(name, options), made, releases: [], known: false };
    });
    for (const gone of before) if (!this.#entries.includes(gone)) gone.target.dispose();
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
    return this.#entry(target)?.releases ?? [];
  }

  /** Why a target can not say what runs on it; undefined when it can, or was not asked yet. */
  error(target: Target): Error | undefined {
    return this.#entry(target)?.error;
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
  refresh(): Promise<void> {
    if (this.#running) {
      this.#next ??= this.#running.then(() => {
        this.#next = undefined;
        return this.refresh();
      });
      return this.#next;
    }
    const all = this.#entries.map((entry) => this.#refreshOne(entry));
    this.#running = Promise.all(all).then(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Keeps refreshing until it is disposed of. */
  watch(): Disposable {
    this.#watchers++;
    if (this.#watchers === 1) {
      void this.refresh();
      this.#timer = setInterval(() => void this.refresh(), POLL_MS);
    }
    const watcher = new DisposableStore();
    watcher.add({
      dispose: () => {
        this.#watchers--;
        if (this.#watchers === 0) clearInterval(this.#timer);
      },
    });
    return watcher;
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#changed.dispose();
    for (const { target } of this.#entries) target.dispose();
    this.#entries = [];
  }

  #entry(target: Target): Entry | undefined {
    return this.#entries.find((entry) => entry.target.name === target.name);
  }

  async #refreshOne(entry: Entry): Promise<void> {
    const before = snapshot(entry);
    try {
      entry.releases = sorted(await listWithin(entry.target, REFRESH_MS));
      entry.error = undefined;
      entry.answered = new Date();
    } catch (error) {
      this.log.debug(`${entry.target.name}: ${messageOf(error)}`);
      entry.releases = [];
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
      reject(new Error(`${target.address} did not answer within ${String(milliseconds / 1000)} s.`)),
    );
  });
  return Promise.race([target.list(signal), late]);
}

function sorted(releases: Release[]): Release[] {
  return [...releases].sort((a, b) => a.model.name.localeCompare(b.model.name) || b.revision - a.revision);
}

function snapshot({ releases, error, known }: Entry): string {
  return JSON.stringify([releases, error?.message, known]);
}

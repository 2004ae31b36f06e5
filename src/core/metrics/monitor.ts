import { setImmediate } from 'node:timers/promises';
import type { Disposable } from '../dispose';
import { Emitter } from '../event';
import type { Block, SourceState } from './fields';
import { scrape } from './scrape';
import type { MetricsSource } from './source';
import { SourceMonitor } from './sourceMonitor';
import { Ticker } from './ticker';

export interface SampleEvent {
  /** Id of the source. */
  source: string;
  /** The first second whose values are new: more than one are when a scrape took long. */
  from: number;
}

/** How long the history of a source is kept after the last one stopped watching it. */
const keptMilliseconds = 60 * 60 * 1000;

interface Watched {
  monitor: SourceMonitor;
  watchers: number;
  /** When nobody watched any more. */
  left: number;
}

/** Scrapes sources each second while somebody watches them, and keeps an hour of each. */
export class Monitor implements Disposable {
  readonly #sources = new Map<string, Watched>();
  readonly #sampled = new Emitter<SampleEvent>();
  readonly #ticked = new Emitter<number>();
  #ticker: Ticker | undefined;

  /** A source was scraped, or could not be. */
  readonly onSample = this.#sampled.event;
  /** A second began, and scrapes for it were started. Fires only while somebody watches. */
  readonly onTick = this.#ticked.event;

  constructor(private readonly scrapeUrl: typeof scrape = scrape) {}

  /** Watches a source until disposed. Sources with the same id are one: the first one's `url()` is asked until nobody watches it. */
  watch(source: MetricsSource): Disposable {
    const watched = this.#watched(source);
    watched.watchers++;
    this.#ticker ??= new Ticker((second) => void this.#tick(second));
    let over = false;
    return {
      dispose: () => {
        if (over) return;
        over = true;
        this.#leave(watched);
      },
    };
  }

  state(id: string): SourceState | undefined {
    return this.#sources.get(id)?.monitor.state;
  }

  /** What is known of a source from this second on (default: all of the hour). */
  block(id: string, from?: number): Block | undefined {
    return this.#sources.get(id)?.monitor.history.block(from);
  }

  dispose(): void {
    this.#ticker?.dispose();
    for (const { monitor } of this.#sources.values()) monitor.pause();
    this.#sources.clear();
    this.#sampled.dispose();
    this.#ticked.dispose();
  }

  #watched(source: MetricsSource): Watched {
    const known = this.#sources.get(source.id);
    if (known) {
      if (known.watchers === 0) known.monitor.source = source;
      return known;
    }
    const monitor = new SourceMonitor(source, this.scrapeUrl, (from) =>
      this.#sampled.fire({ source: source.id, from }),
    );
    const watched = { monitor, watchers: 0, left: 0 };
    this.#sources.set(source.id, watched);
    return watched;
  }

  #leave(watched: Watched): void {
    watched.watchers--;
    if (watched.watchers > 0) return;
    watched.left = Date.now();
    watched.monitor.pause();
    if ([...this.#sources.values()].some(({ watchers }) => watchers > 0)) return;
    this.#ticker?.dispose();
    this.#ticker = undefined;
  }

  async #tick(second: number): Promise<void> {
    this.#forget();
    for (const { monitor, watchers } of [...this.#sources.values()]) {
      if (watchers > 0 && this.#sources.has(monitor.source.id)) void monitor.tick(second);
      // Many sources must not hold up what else the process does.
      await setImmediate();
    }
    this.#ticked.fire(second);
  }

  #forget(): void {
    const oldest = Date.now() - keptMilliseconds;
    for (const [id, { watchers, left }] of this.#sources) {
      if (watchers === 0 && left < oldest) this.#sources.delete(id);
    }
  }
}

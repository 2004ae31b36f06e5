import { messageOf } from '../errors';
import type { SourceState } from './fields';
import { History } from './history';
import { readMetrics } from './readers';
import { latencyKind, Recorder } from './recorder';
import type { scrape } from './scrape';
import type { MetricsSource } from './source';

/** Scrapes one source when it is told to, and keeps its history. */
export class SourceMonitor {
  readonly history = new History();
  readonly #recorder = new Recorder(this.history);
  #state: SourceState = { state: 'waiting', since: Date.now() };
  #running: AbortController | undefined;

  constructor(
    public source: MetricsSource,
    private readonly scrapeUrl: typeof scrape,
    /** Gets the first second whose values are new. */
    private readonly onChange: (from: number) => void,
  ) {}

  get state(): SourceState {
    return this.#state;
  }

  /** Scrapes for this second, unless the scrape before it still runs. Never throws. */
  async tick(second: number): Promise<void> {
    this.history.advance(second);
    if (this.#running) return;
    const running = (this.#running = new AbortController());
    try {
      const url = await this.source.url();
      if (running.signal.aborted) return;
      if (url === undefined) this.#gone(second, 'It does not run.');
      else await this.#scrape(second, url, running.signal);
    } catch (error) {
      if (!running.signal.aborted) this.#gone(second, messageOf(error));
    } finally {
      if (this.#running === running) this.#running = undefined;
    }
  }

  /** Ends the scrape that runs; it leaves no value. */
  pause(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#recorder.miss();
  }

  async #scrape(second: number, url: string, signal: AbortSignal): Promise<void> {
    const { families, wall, steady } = await this.scrapeUrl(url, signal);
    const reading = readMetrics(families);
    if (!reading)
      return this.#gone(second, `${url} has metrics, but not those of a model server that Slipway knows.`);
    const from = this.#recorder.add(second, { reading, wall, steady });
    const since = this.#state.state === 'live' ? this.#state.since : second * 1000;
    const { server, note } = reading;
    this.#state = { state: 'live', since, server, note, latency: latencyKind(reading) };
    this.onChange(from);
  }

  #gone(second: number, detail: string): void {
    this.#recorder.miss();
    const since = this.#state.state === 'gone' ? this.#state.since : second * 1000;
    const { server, note, latency } = this.#state;
    this.#state = { state: 'gone', since, detail, server, note, latency };
    this.onChange(second);
  }
}

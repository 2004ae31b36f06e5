import type { Disposable } from '../../core/dispose';
import { DisposableStore } from '../../core/dispose';
import type { Monitor } from '../../core/metrics/monitor';
import type { MetricsSource } from '../../core/metrics/source';
import type { PageSource, ToPage } from '../../core/protocol/metrics';

/** How long after the second began its values are sent: most scrapes have come back by then, and go together. */
const delayMilliseconds = 250;

/** Watches the sources of one panel and tells its page: all of it once, then what is new, once a second. */
export class Pushes implements Disposable {
  readonly #store = new DisposableStore();
  /** The first second that the page does not have, by source. */
  readonly #fresh = new Map<string, number>();
  #now = Math.floor(Date.now() / 1000);
  #timer: NodeJS.Timeout | undefined;
  #sending = false;

  constructor(
    private readonly sources: readonly MetricsSource[],
    private readonly monitor: Pick<Monitor, 'watch' | 'state' | 'block' | 'onSample' | 'onTick'>,
    private readonly post: (message: ToPage) => void,
  ) {
    for (const source of sources) this.#store.add(monitor.watch(source));
    this.#store.add(
      monitor.onSample(({ source, from }) => {
        this.#fresh.set(source, Math.min(from, this.#fresh.get(source) ?? from));
      }),
    );
    this.#store.add(monitor.onTick((second) => this.#tick(second)));
  }

  /** The page can take messages: sends it everything, and from now on what is new. */
  start(): void {
    this.#sending = true;
    this.#fresh.clear();
    const sources = this.sources.map((source) => ({
      ...this.#describe(source),
      block: this.monitor.block(source.id),
    }));
    this.post({ type: 'snapshot', now: this.#now, sources });
  }

  /** The page is hidden, and gone with it: nothing is sent until it starts again. */
  stop(): void {
    this.#sending = false;
    clearTimeout(this.#timer);
  }

  dispose(): void {
    this.stop();
    this.#store.dispose();
  }

  #tick(second: number): void {
    this.#now = second;
    if (!this.#sending) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#push(), delayMilliseconds);
  }

  #push(): void {
    const sources = this.sources.map((source) => {
      const from = this.#fresh.get(source.id);
      return {
        ...this.#describe(source),
        block: from === undefined ? undefined : this.monitor.block(source.id, from),
      };
    });
    this.#fresh.clear();
    this.post({ type: 'update', now: this.#now, sources });
  }

  #describe(source: MetricsSource): PageSource {
    return {
      id: source.id,
      label: source.label,
      deploys: (source.deploys?.() ?? []).map(({ at, label }) => ({ at: at.getTime(), label })),
      ...(this.monitor.state(source.id) ?? { state: 'waiting', since: this.#now * 1000 }),
    };
  }
}

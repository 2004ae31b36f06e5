import { setTimeout as sleep } from 'node:timers/promises';

/** What came of requests that were sent. */
export interface Traffic {
  ok: number;
  /** Requests that were meant to be refused, and were. */
  refused: number;
  /** What should not have happened, each once. */
  failures: Set<string>;
}

const clients = 4;
const pauseMs = 10;
/** One request in so many is a wrong one, as there always is one who sends such. */
const wrongEvery = 50;

/** Predictions that several clients send meanwhile, some of them wrong ones. */
export class TourTraffic {
  /** Where to; set before the start. */
  url = '';
  readonly #traffic: Traffic = { ok: 0, refused: 0, failures: new Set() };
  #clients: Promise<void>[] = [];
  #sent = 0;
  #stopped = false;

  start(model: string, body: object): void {
    const path = `${this.url}/v2/models/${model}/infer`;
    this.#clients = Array.from({ length: clients }, () => this.#client(path, body));
  }

  /** Waits for what is under way, and answers what came of all. */
  async stop(): Promise<Traffic> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    return this.#traffic;
  }

  async #client(path: string, body: object): Promise<void> {
    while (!this.#stopped) {
      const wrong = ++this.#sent % wrongEvery === 0;
      await this.#send(path, wrong ? { inputs: [] } : body, wrong ? 400 : 200);
      await sleep(pauseMs);
    }
  }

  async #send(path: string, body: object, expected: number): Promise<void> {
    const { failures } = this.#traffic;
    const headers = { 'content-type': 'application/json' };
    try {
      const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
      await response.arrayBuffer();
      if (response.status !== expected) failures.add(`status ${response.status} instead of ${expected}`);
      else if (expected === 200) this.#traffic.ok++;
      else this.#traffic.refused++;
    } catch (error) {
      failures.add(String(error));
    }
  }
}

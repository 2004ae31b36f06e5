import { execFileSync } from 'node:child_process';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '../unit/server/support/serverProcess';
import type { TestServer } from '../unit/server/support/serverProcess';
import { Ledger } from './ledger';
import { ownAnswers } from './ownAnswers';
import { Hung, send } from './send';
import { randomFrom } from './subjects';
import type { Random, Subject } from './subjects';
import { kinds, leave, limits } from './traffic';
import type { Attempt, Sample, Scene } from './traffic';

const samples = 300;
/** How long any answer may take. */
const answerSeconds = 15;
/** How long after a kill a request may be put off. */
const recoverySeconds = 5;

/** Memory in MiB. */
export interface Memory {
  front: number;
  worker: number;
}

/** A server under mixed traffic, with what was sent to it and what went wrong. */
export class SoakServer {
  readonly ledger = new Ledger();
  readonly problems: string[] = [];
  kills = 0;
  /** Requests that were told to come again, after a kill or among too many long ones. */
  putOff = 0;
  longest = 0;
  #killed = -Infinity;
  #stopped = false;

  private constructor(
    readonly subject: Subject,
    private readonly server: TestServer,
    private readonly samples: Sample[],
  ) {}

  static async start(subject: Subject): Promise<SoakServer> {
    const random = randomFrom(1);
    const inputs = Array.from({ length: samples }, () => subject.inputs(random));
    const answers = await ownAnswers(subject.model, inputs);
    const server = await startServer(
      subject.model,
      ...['--max-body-mib', String(limits.bodyMib)],
      ...['--request-timeout-seconds', String(limits.requestSeconds)],
      ...['--threads', '1'],
    );
    const pairs = inputs.map((each, index) => ({ inputs: each, outputs: answers[index] ?? [] }));
    return new SoakServer(subject, server, pairs);
  }

  /** Sends one request after another until `stopClients`. */
  async client(seed: number): Promise<void> {
    const random = randomFrom(seed);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.#stopped) {
      const sample = this.samples[Math.floor(random() * this.samples.length)] as Sample;
      const scene: Scene = { url: this.server.url, subject: this.subject, sample, random };
      if (random() < 0.03) await this.#leave(scene);
      else await this.#attempt(pick(random)(scene), agent);
      await sleep(random() * 10);
    }
    agent.destroy();
  }

  stopClients(): void {
    this.#stopped = true;
  }

  killWorker(): void {
    const [pid] = this.#workers();
    if (pid === undefined) return;
    this.#killed = performance.now();
    this.kills++;
    process.kill(pid, 'SIGKILL');
  }

  memory(): Memory {
    const [worker] = this.#workers();
    return { front: residentMib(this.server.process.pid), worker: residentMib(worker) };
  }

  /** Compares what it counted with what was sent. */
  async settle(): Promise<void> {
    const agent = new Agent();
    for (let tries = 0; ; tries++) {
      const { body } = await send(`${this.server.url}/metrics`, { method: 'GET', agent, seconds: 5 });
      const text = body.toString();
      const busy = Number(/^slipway_requests_in_flight (\d+)$/m.exec(text)?.[1]) - 1;
      const differences = this.ledger.differences(text);
      // This request is counted only in the next one.
      this.ledger.add('metrics', 200);
      if (busy === 0 && differences.length === 0) return;
      if (tries === 20) {
        if (busy > 0) this.problems.push(`${busy} requests are still in flight`);
        this.problems.push(...differences.map((words) => `/metrics: ${words}`));
        return;
      }
      await sleep(250);
    }
  }

  async stop(): Promise<void> {
    const code = await this.server.stop();
    if (code !== 0) this.problems.push(`the server exited with ${code}`);
  }

  async #leave(scene: Scene): Promise<void> {
    const { complete } = await leave(scene);
    if (complete) this.ledger.addOpen('infer');
    else this.ledger.add('infer', 499);
  }

  async #attempt(attempt: Attempt, agent: Agent): Promise<void> {
    const { path, route, status, check, method, slow = false } = attempt;
    const started = performance.now();
    const late = () => slow && performance.now() - started > limits.requestSeconds * 1000;
    const note = (words: string) =>
      this.problems.push(`${method ?? 'POST'} ${path}, expected ${status}: ${words}`);
    try {
      const reply = await send(this.server.url + path, { ...attempt, agent, seconds: answerSeconds });
      this.longest = Math.max(this.longest, (performance.now() - started) / 1000);
      this.ledger.add(route, reply.status);
      const text = reply.body.toString('utf8', 0, 200);
      if (reply.status === 503 && this.#excuses(text, started)) return void this.putOff++;
      if (reply.status === 408 && late()) return;
      if (reply.status !== status) return void note(`${reply.status} ${text}`);
      const head = reply.headers['inference-header-content-length'];
      const wrong = check?.(reply.body, typeof head === 'string' ? head : null);
      if (wrong) note(wrong);
    } catch (error) {
      // Who still writes when the answer comes and the connection ends may not get to read it.
      if (late() && !(error instanceof Hung)) return void this.ledger.add(route, 408);
      note(error instanceof Hung ? `hung: ${error.message}` : String(error));
    }
  }

  /** Whether a request may be put off: the worker was killed, or there were too many long bodies at once. */
  #excuses(text: string, started: number): boolean {
    return text.includes('Too many long requests') || started < this.#killed + recoverySeconds * 1000;
  }

  #workers(): number[] {
    try {
      return execFileSync('pgrep', ['-P', String(this.server.process.pid)], { encoding: 'utf8' })
        .trim()
        .split('\n')
        .map(Number);
    } catch {
      return [];
    }
  }
}

function pick(random: Random): (scene: Scene) => Attempt {
  const total = kinds.reduce((sum, [weight]) => sum + weight, 0);
  let left = random() * total;
  for (const [weight, make] of kinds) if ((left -= weight) < 0) return make;
  throw new Error('There are no kinds of requests.');
}

function residentMib(pid: number | undefined): number {
  try {
    const text = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
    return Number(text) / 1024;
  } catch {
    return NaN;
  }
}

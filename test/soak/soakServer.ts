import { execFileSync } from 'node:child_process';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '../unit/server/support/serverProcess';
import type { TestServer } from '../unit/server/support/serverProcess';
import { Books } from './books';
import { ownAnswers } from './ownAnswers';
import { Hung, send } from './send';
import { randomFrom } from './subjects';
import type { Random, Subject } from './subjects';
import { valueOf } from './tally';
import { exactKinds, kinds, leave, limits, pick } from './traffic';
import type { Attempt, Sample, Scene } from './traffic';

const samples = 300;
const longSamples = 3;
/** How long any answer may take. */
const answerSeconds = 15;
/** How long after a kill a request may be put off. */
const recoverySeconds = 5;

/** Memory in MiB. */
export interface Memory {
  front: number;
  /** Of all workers together. */
  worker: number;
}

/** A server under mixed traffic, with what was sent to it and what went wrong. */
export class SoakServer {
  readonly books: Books;
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
    private readonly long: Sample[],
  ) {
    const { features } = subject;
    this.books = new Books(features && `slipway_values_count{role="input",tensor="${features}",feature="0"}`);
  }

  static async start(subject: Subject): Promise<SoakServer> {
    const random = randomFrom(1);
    const { model, long, answers = (requests) => ownAnswers(model, requests) } = subject;
    const inputs = Array.from({ length: samples }, () => subject.inputs(random));
    if (long) inputs.push(...Array.from({ length: longSamples }, () => long(random)));
    const outputs = await answers(inputs);
    const server = await startServer(
      subject.model,
      ...['--max-body-mib', String(limits.bodyMib)],
      ...['--request-timeout-seconds', String(limits.requestSeconds)],
      ...['--run-timeout-seconds', String(limits.runSeconds)],
      ...['--threads', '1'],
      ...(subject.args ?? []),
    );
    const pairs = inputs.map((each, index) => ({ inputs: each, outputs: outputs[index] ?? [] }));
    return new SoakServer(subject, server, pairs.slice(0, samples), pairs.slice(samples));
  }

  /** Sends one request after another until `stopClients`. */
  async client(seed: number): Promise<void> {
    const random = randomFrom(seed);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.#stopped) {
      const { subject } = this;
      const sample = pick(random, this.samples);
      const long = this.long.length > 0 ? pick(random, this.long) : undefined;
      const scene: Scene = { url: this.server.url, subject, sample, long, random };
      if (!subject.exact && random() < 0.03) await this.#leave(scene);
      else await this.#attempt(kindOf(subject, random)(scene), agent);
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
    this.books.killed();
    process.kill(pid, 'SIGKILL');
  }

  memory(): Memory {
    const workers = this.#workers().map(residentMib);
    return {
      front: residentMib(this.server.process.pid),
      worker: workers.length > 0 ? workers.reduce((sum, one) => sum + one) : NaN,
    };
  }

  /** Compares what it counted with what was sent. */
  async settle(): Promise<void> {
    const agent = new Agent();
    for (let tries = 0; ; tries++) {
      const { body, bytes } = await send(`${this.server.url}/metrics`, { method: 'GET', agent, seconds: 5 });
      const text = body.toString();
      const busy = (valueOf(text, 'slipway_requests_in_flight') ?? 0) - 1;
      const queued = valueOf(text, 'slipway_queue_length');
      const differences = this.books.differences(text);
      // This request is counted only in the next one.
      this.books.answered({ route: 'metrics', held: 0 }, 200, bytes, true);
      if (busy === 0 && queued === 0 && differences.length === 0) return;
      if (tries === 20) {
        if (busy > 0) this.problems.push(`${busy} requests are still in flight`);
        if (queued !== 0) this.problems.push(`${queued} requests still wait`);
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
    const leaving = await leave(scene);
    if (leaving.when === 'early') return this.books.left(leaving);
    if (leaving.when === 'late') return this.books.leftOpen(leaving);
    const { status, bytes } = leaving;
    this.books.answered(leaving, status, bytes, status === 200);
    if (status === 503) this.putOff++;
    else if (status !== 200) this.problems.push(`a client that left while it read was answered ${status}`);
  }

  async #attempt(attempt: Attempt, agent: Agent): Promise<void> {
    const { path, status, orElse, check, method, slow = false } = attempt;
    if (attempt.ends) this.books.mayHaveEnded();
    const started = performance.now();
    const late = () => slow && performance.now() - started > limits.requestSeconds * 1000;
    const note = (words: string) =>
      this.problems.push(`${method ?? 'POST'} ${path}, expected ${status}: ${words}`);
    try {
      const reply = await send(this.server.url + path, { ...attempt, agent, seconds: answerSeconds });
      this.longest = Math.max(this.longest, (performance.now() - started) / 1000);
      const text = reply.body.toString('utf8', 0, 200);
      const whole = ![408, 413].includes(reply.status) && !text.includes(noRoom);
      this.books.answered(attempt, reply.status, reply.bytes, whole);
      if (reply.status === 503 && this.#excuses(text, started)) return void this.putOff++;
      if (reply.status === 408 && late()) return;
      if (reply.status === orElse) return;
      if (reply.status !== status) return void note(`${reply.status} ${text}`);
      const head = reply.headers['inference-header-content-length'];
      const wrong = check?.(reply.body, typeof head === 'string' ? head : null);
      if (wrong) note(wrong);
    } catch (error) {
      // Who still writes when the answer comes and the connection ends may not get to read it.
      if (late() && !(error instanceof Hung)) return this.books.answered(attempt, 408, undefined, false);
      note(error instanceof Hung ? `hung: ${error.message}` : String(error));
    }
  }

  /** Whether a request may be put off: the worker was killed, or there were too many long bodies at once. */
  #excuses(text: string, started: number): boolean {
    return text.includes(noRoom) || started < this.#killed + recoverySeconds * 1000;
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

/** How a request starts its refusal when too many long ones are in memory. */
const noRoom = 'Too many long requests';

function kindOf({ exact }: Subject, random: Random): (scene: Scene) => Attempt {
  const all = exact ? exactKinds : kinds;
  const total = all.reduce((sum, [weight]) => sum + weight, 0);
  let left = random() * total;
  for (const [weight, make] of all) if ((left -= weight) < 0) return make;
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

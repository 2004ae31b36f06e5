import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';
import { memoryVariables, nodeFlags } from '../../../src/core/serverRuntime';
import { atExit } from '../atExit';

export interface LogLine {
  time: string;
  text: string;
}

/** One run of a pod's container: the real model server as a process of this machine. */
export class ContainerProcess {
  readonly log: LogLine[] = [];
  /** `line` with each {@link LogLine}, `end` when it has ended. */
  readonly events = new EventEmitter();
  readonly started = new Date();
  /** Where it listens; undefined until it says so. */
  url: URL | undefined;
  exitCode: number | undefined;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;

  /** `args` of the model server, or of Node alone where they begin with `-e`. */
  constructor(args: string[]) {
    this.events.setMaxListeners(50);
    this.#child = spawn(
      process.execPath,
      args[0] === '-e' ? args : [...nodeFlags, resolve('dist/server.js'), ...args],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...memoryVariables, PATH: process.env['PATH'] },
      },
    );
    const release = atExit(() => this.#child.kill('SIGKILL'));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (text) => {
        const line = { time: stamp(), text };
        this.log.push(line);
        this.events.emit('line', line);
        this.#read(text);
      });
    }
    this.ended = new Promise((done) => this.events.once('end', done));
    this.#child.on('close', (code) => {
      release();
      this.exitCode = code ?? 137;
      this.events.emit('end');
    });
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#child.kill(signal);
  }

  #read(text: string): void {
    const found = /Serving \S+ at (http:\S+)|"url":"(http:[^"]+)"/.exec(text);
    const url = found?.[1] ?? found?.[2];
    if (url) this.url = new URL(url);
  }
}

let last = '';

/** RFC 3339, each later than the one before. */
function stamp(): string {
  const base = new Date().toISOString().replace('Z', '');
  const digits = process.hrtime.bigint() % 1_000_000n;
  let next = `${base}${digits.toString().padStart(6, '0')}Z`;
  if (next <= last)
    next = last.replace(/(\d{6})Z$/, (_, micro: string) => `${String(Number(micro) + 1).padStart(6, '0')}Z`);
  return (last = next);
}

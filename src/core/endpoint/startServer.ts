import { spawn } from 'node:child_process';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors';
import { InferenceClient } from '../inference/client';
import type { Logger } from '../logger';
import { nodeFlags } from '../serverRuntime';
import type { TaskContext } from '../task';
import { nodeCommand } from './nodeCommand';
import { nodeUnusable, serverFailure, silentEnds } from './serverFailure';

export interface ServerStart {
  /** The folder with the server's bundle. */
  dist: string;
  /** A Node binary; empty for the editor's own. */
  nodePath: string;
  /** The model, absolute. */
  path: string;
  /** How long one run may take, in seconds. */
  timeoutSeconds: number;
  /** Further arguments. */
  more: string[];
  /** What clients must send; absent for nothing. */
  token?: string;
  log: Logger;
}

/** What a server is told beyond the usual, by its model's file. It may take long to find out. */
export type ServerArguments = (path: string, task: TaskContext) => Promise<string[]>;

/** A model server that lives no longer than this process. */
export interface OwnServer {
  url: string;
  client: InferenceClient;
  pid: number;
  /** Settles when it has ended, never rejects. */
  ended: Promise<unknown>;
  /** Lets it answer what it was asked, for 3 s unless `grace` (milliseconds) says otherwise. Resolves when it has ended. */
  stop(grace?: number): Promise<void>;
}

/** How long a server may take to end by itself, in milliseconds. */
const usualGrace = 3000;
const keptCharacters = 16_000;

/** Starts a model server and resolves when it predicts. When `signal` aborts before that, it is ended. */
export async function startServer(start: ServerStart, signal: AbortSignal): Promise<OwnServer> {
  signal.throwIfAborted();
  const { dist, path, log } = start;
  const { command, env } = nodeCommand(start.nodePath);
  const name = basename(path);
  const options = [
    '--run-timeout-seconds',
    String(start.timeoutSeconds),
    '--port',
    '0',
    '--exit-with-parent',
    ...start.more,
  ];
  const child = spawn(command, [...nodeFlags, join(dist, 'server.js'), '--model', path, ...options], {
    env: { ...env, ...(start.token && { SLIPWAY_TOKEN: start.token }) },
    cwd: dist,
    windowsHide: true,
    signal,
    killSignal: 'SIGKILL',
  });
  let written = '';
  const keep = (text: string) => (written = (written + text).slice(-keptCharacters));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    keep(text);
    log.debug(`Server of ${name}: ${text.trimEnd()}`);
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => child.pid === undefined && resolve(messageOf(error)));
    child.once('close', (code, by) => resolve(by ? `ended by ${by}` : `exit code ${code}`));
  });
  child.stdin.on('error', () => undefined);

  const ready = new Promise<{ url: string; model: string }>((resolve) => {
    let line = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      keep(text);
      line += text;
      if (line.includes('\n') && line.startsWith('{"url"'))
        resolve(JSON.parse(line) as { url: string; model: string });
    });
  });
  const failed = ended.then((how) => {
    signal.throwIfAborted();
    if (child.pid === undefined) throw nodeUnusable(command, how);
    throw serverFailure(name, how, written, silentEnds.process);
  });
  const { url, model } = await Promise.race([ready, failed]);
  log.info(`Warm server of ${name} at ${url} (process ${child.pid})`);
  return {
    url,
    client: new InferenceClient(url, model),
    pid: child.pid as number,
    ended,
    async stop(grace = usualGrace) {
      child.stdin.end();
      const late = new AbortController();
      const kill = sleep(grace, undefined, { signal: late.signal }).then(() => child.kill('SIGKILL'));
      await Promise.race([ended, kill.catch(() => undefined)]);
      late.abort();
      await ended;
    },
  };
}

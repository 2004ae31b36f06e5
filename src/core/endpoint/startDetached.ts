import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../errors';
import { endProcess } from '../processes';
import { nodeFlags } from '../serverRuntime';
import type { ServedModel } from './endpoint';
import { nodeCommand } from './nodeCommand';
import { nodeUnusable, serverFailure, silentEnds } from './serverFailure';

export interface DetachedStart {
  /** The folder with the server's bundle. */
  dist: string;
  /** A Node binary; empty for the editor's own. */
  nodePath: string;
  model: ServedModel;
  /** Further arguments. */
  more: string[];
  /** File in which the server says where it listens, while it does. */
  record: string;
  /** File to which its output is added. */
  log: string;
  onExit: () => void;
}

/** A model server that outlives this process. It is ready when its record is there. */
export interface DetachedServer {
  /** Undefined when it could not be started at all. */
  pid: number | undefined;
  /** Throws a `UserError` that says why it ended, if it did. */
  throwIfEnded(): void;
  /** Resolves when it is gone. */
  kill(): Promise<void>;
}

export function startDetached(start: DetachedStart): DetachedServer {
  const { model } = start;
  mkdirSync(dirname(start.log), { recursive: true });
  const log = openSync(start.log, 'a');
  const { size } = fstatSync(log);
  const { command, env } = nodeCommand(start.nodePath);
  const script = [join(start.dist, 'server.js'), '--model', model.path, '--name', model.name];
  const options = [
    '--hash',
    model.hash,
    '--port',
    '0',
    '--record',
    start.record,
    ...(model.serverArguments ?? []),
    ...start.more,
  ];
  const child = spawn(command, [...nodeFlags, ...script, ...options], {
    env,
    // Not the workspace: Windows would not let it be deleted.
    cwd: dirname(start.log),
    detached: true,
    stdio: ['ignore', log, log],
    windowsHide: true,
  });
  closeSync(log);
  child.unref();
  let ended: string | undefined;
  child.once('error', (error) => (ended = messageOf(error)));
  child.once('exit', (code, by) => {
    ended = by ? `ended by ${by}` : `exit code ${code}`;
    start.onExit();
  });
  return {
    pid: child.pid,
    throwIfEnded() {
      if (ended === undefined) return;
      if (child.pid === undefined) throw nodeUnusable(command, ended);
      throw serverFailure(
        model.name,
        ended,
        readFileSync(start.log).subarray(size).toString(),
        silentEnds.process,
      );
    },
    async kill() {
      if (child.pid !== undefined && ended === undefined) await endProcess(child.pid, 1000);
    },
  };
}

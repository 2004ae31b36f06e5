import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { baseImages } from '../../host/baseImages';

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

export interface Run {
  input?: string;
  /** On top of the environment that there is. */
  env?: NodeJS.ProcessEnv;
  onStart?: (child: ChildProcess) => void;
}

/** Runs `slipway` with these words in a folder. `onStart` is given the process; of a stream that it destroys, nothing is kept. */
export async function slipway(
  words: string[],
  cwd: string,
  { input = '', env = {}, onStart }: Run = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [resolve('dist/cli.js'), ...words], {
    cwd,
    env: {
      ...process.env,
      SLIPWAY_NODE_BASE: baseImages.node,
      SLIPWAY_PYTHON_BASE: baseImages.python,
      SLIPWAY_PROXY_IMAGE: baseImages.proxy,
      ...env,
    },
  });
  onStart?.(child);
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, out, err };
}

async function textOf(stream: Readable): Promise<string> {
  try {
    return await text(stream);
  } catch (error) {
    if (stream.destroyed) return '';
    throw error;
  }
}

/** The error of a call with `--json`: all that it prints is one document. */
export function errorIn({ out }: Pick<Ended, 'out'>): { code: string; message: string; next?: string } {
  return (JSON.parse(out) as { error: { code: string; message: string; next?: string } }).error;
}

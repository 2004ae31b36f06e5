import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
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

/** Runs `slipway` with these words in a folder. `onStart` is given the process. */
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
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, out, err };
}

/** The error of a call with `--json`: all that it prints is one document. */
export function errorIn({ out }: Ended): { code: string; message: string; next?: string } {
  return (JSON.parse(out) as { error: { code: string; message: string; next?: string } }).error;
}

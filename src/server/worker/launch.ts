import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { memoryVariables } from '../../core/serverRuntime';

/** A worker that runs somewhere, as its front sees it: a pipe for frames, and a way to end it. */
export interface WorkerProcess {
  /** Takes frames. */
  input: Writable;
  /** Gives frames. */
  output: Readable;
  /** Absent where it is no process of this machine. */
  pid?: number;
  /** Ends it at once, whatever it does. */
  kill(): void;
  /** Settles, and never rejects, once it has ended: how, in words, such as `was ended by SIGKILL`. */
  ended: Promise<string>;
}

/** Where a worker runs is up to this function alone. */
export type Launch = () => WorkerProcess;

const mebibytes = (count: number) => String(count * 2 ** 20);

/**
 * The C library would give the memory of tensors back to the system after each run and take it anew for the next, page by page. These are
 * the limits that it comes to by itself in the end: blocks beyond the first are still given back at once. Only glibc looks at them.
 * Source: https://man7.org/linux/man-pages/man3/mallopt.3.html
 */
const allocation = { MALLOC_MMAP_THRESHOLD_: mebibytes(32), MALLOC_TRIM_THRESHOLD_: mebibytes(64) };

/** A worker as a child process. It logs to our standard error. */
export function childProcess(command: string, args: string[], environment: NodeJS.ProcessEnv = {}): Launch {
  // What clients have to know is none of the model's business.
  const inherited = { ...process.env };
  delete inherited['SLIPWAY_TOKEN'];
  return () => {
    const child = spawn(command, args, {
      stdio: ['pipe', 2, 2, 'pipe'],
      windowsHide: true,
      env: { ...memoryVariables, ...allocation, ...inherited, ...environment },
    });
    return {
      input: child.stdin as Writable,
      output: child.stdio[3] as Readable,
      pid: child.pid,
      kill: () => void child.kill('SIGKILL'),
      ended: new Promise((resolve) => {
        child.once('error', (error) => resolve(`could not be started: ${error.message}`));
        child.once('exit', (code, signal) =>
          resolve(signal ? `was ended by ${signal}` : `exited with code ${code}`),
        );
      }),
    };
  };
}

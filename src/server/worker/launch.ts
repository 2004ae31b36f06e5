import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

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

/** A worker as a child process. It logs to our standard error. */
export function childProcess(command: string, args: string[], environment: NodeJS.ProcessEnv = {}): Launch {
  // What clients have to know is none of the model's business.
  const inherited = { ...process.env };
  delete inherited['SLIPWAY_TOKEN'];
  return () => {
    const child = spawn(command, args, {
      stdio: ['pipe', 2, 2, 'pipe'],
      windowsHide: true,
      env: { ...inherited, ...environment },
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

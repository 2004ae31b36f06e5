import { Worker } from 'node:worker_threads';

/**
 * Ends this process when the one that started it is gone, also in the middle of a run: a thread watches, because a run
 * blocks everything else, and an endless one would go on for ever.
 */
export function endWithParent(): void {
  const watcher = new Worker(`(${watch.toString()})(require('node:process'), ${process.ppid})`, {
    eval: true,
  });
  watcher.unref();
}

/** Runs in the thread, from its text: it may use nothing from outside. */
function watch(process: NodeJS.Process, parent: number): void {
  setInterval(() => {
    let gone = process.ppid !== parent;
    try {
      process.kill(parent, 0);
    } catch (error) {
      gone ||= (error as NodeJS.ErrnoException).code === 'ESRCH';
    }
    if (gone) process.kill(process.pid, 'SIGKILL');
  }, 1000);
}

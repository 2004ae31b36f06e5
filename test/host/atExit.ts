const cleanups = new Set<() => void>();

/**
 * Calls `cleanup` when the process ends, also by Ctrl+C or a polite kill. It must do its work at once, without waiting.
 * The answer takes it back.
 */
export function atExit(cleanup: () => void): () => void {
  if (cleanups.size === 0) listen();
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}

let listening = false;

function listen(): void {
  if (listening) return;
  listening = true;
  process.on('exit', () => {
    for (const cleanup of cleanups) cleanup();
  });
  // Whoever listens already (our reporter for mocha does) ends the process in an order of its own.
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    if (process.listenerCount(signal) === 0) process.on(signal, () => process.exit(code));
  }
}

/**
 * Aborts when somebody stops the command or nobody reads it any more, so that what was begun is taken back in order.
 * The second Ctrl+C ends at once.
 */
export function untilStopped(): AbortSignal {
  const controller = new AbortController();
  let asked = false;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (asked) process.exit(130);
      asked = true;
      process.stderr.write('Stopping; once more to end at once.\n');
      controller.abort();
    });
  }
  // Of a terminal that closes it may come twice, from the system and from the shell: that is nobody's haste.
  process.on('SIGHUP', () => controller.abort());
  // Nobody can be told why: its pipe or terminal is closed, or the disk of its log is full.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => controller.abort());
  return controller.signal;
}

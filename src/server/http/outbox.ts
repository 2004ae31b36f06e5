let waiting: (() => void)[] = [];

/**
 * Writes what is to be written at the end of this turn of the event loop. Answers that are finished in the same turn leave one
 * right after the other then, so that a client on the same machine is woken once for all of them and not for each.
 */
export function writeSoon(write: () => void): void {
  if (waiting.push(write) === 1) setImmediate(writeAll);
}

function writeAll(): void {
  const writes = waiting;
  waiting = [];
  for (const write of writes) write();
}

/** What every long-running function takes: a way to be cancelled, and a way to say what it is doing. */
export interface TaskContext {
  signal: AbortSignal;
  /** Shows a short phrase, such as `Pulling node:24-slim (12 of 40 MB)`, in place of the one before. */
  report(message: string): void;
}

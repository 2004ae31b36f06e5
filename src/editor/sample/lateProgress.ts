import * as vscode from 'vscode';
import type { TaskContext } from '../../core/task';
import { cancelled } from './sampleRuns';

/** Quick work shows no notification at all; after this many milliseconds it gets one, with Cancel. */
const LATE_AFTER = 800;

/** Does work that is mostly quick. Throws what `work` throws, and an `AbortError` when it is cancelled. */
export async function withLateProgress<T>(
  title: string,
  work: (task: TaskContext) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  let message: string | undefined;
  let show: ((message: string) => void) | undefined;
  const working = work({
    signal: abort.signal,
    report: (text) => {
      message = text;
      show?.(text);
    },
  });
  const ended = working.then(ignore, ignore);
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  const timer = setTimeout(() => {
    void vscode.window.withProgress(options, (progress, token) => {
      token.onCancellationRequested(() => abort.abort(cancelled()));
      show = (text) => progress.report({ message: text });
      if (message !== undefined) show(message);
      return ended;
    });
  }, LATE_AFTER);
  try {
    return await working;
  } finally {
    clearTimeout(timer);
  }
}

function ignore(): void {
  // Whoever called gets the value or the error.
}

import * as vscode from 'vscode';
import { isCancellation } from '../core/errors';
import type { TaskContext } from '../core/task';

type Work<T> = (task: TaskContext) => Promise<T>;

/**
 * Runs something long under a notification with progress and a Cancel that works. Resolves to undefined when it was cancelled
 * or failed; a failure is handed to `onError` with a way to try again.
 */
export async function runWithProgress<T>(
  title: string,
  work: Work<T>,
  onError: (error: unknown, retry: () => unknown) => void,
): Promise<T | undefined> {
  const abort = new AbortController();
  try {
    return await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      async (progress, token) => {
        token.onCancellationRequested(() => abort.abort());
        return work({ signal: abort.signal, report: (message) => progress.report({ message }) });
      },
    );
  } catch (error) {
    if (!isCancellation(error, abort.signal)) onError(error, () => runWithProgress(title, work, onError));
    return undefined;
  }
}

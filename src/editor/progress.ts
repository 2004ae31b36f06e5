import * as vscode from 'vscode';
import { isCancellation, UserError, type ErrorCode } from '../core/errors';
import type { TaskContext } from '../core/task';
import type { Button } from './showError';

export type Work<T> = (task: TaskContext) => Promise<T>;

/** How a failure of something long is answered, beside the usual buttons. */
export interface RunOptions<T> {
  /** Buttons that help with this error. */
  buttons?: (error: unknown) => Button[];
  /** Another way to come to the same, offered where an error of these codes says that this one is barred. */
  instead?: { title: string; on: ErrorCode[]; work: Work<T> };
}

/**
 * Runs something long under a notification with progress and a Cancel that works. A cancel is silent, except for what it left behind.
 * @param onError Shows an error; resolves to what came of a button that tried again.
 * @returns undefined when it was cancelled or failed.
 */
export async function runWithProgress<T>(
  title: string,
  work: Work<T>,
  onError: (error: unknown, again: () => Promise<T | undefined>) => Promise<T | undefined>,
): Promise<T | undefined> {
  const abort = new AbortController();
  try {
    return await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      (progress, token) => {
        token.onCancellationRequested(() => abort.abort());
        // The title says already what some report first.
        const report = (message: string) => message !== title && progress.report({ message });
        return work({ signal: abort.signal, report });
      },
    );
  } catch (error) {
    if (isCancellation(error, abort.signal) && !tellsWhatIsLeft(error)) return undefined;
    return onError(error, () => runWithProgress(title, work, onError));
  }
}

/** Whether it is about more than that the person cancelled. */
function tellsWhatIsLeft(error: unknown): boolean {
  return error instanceof UserError && isCancellation(error.cause);
}

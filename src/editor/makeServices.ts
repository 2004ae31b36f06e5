import * as vscode from 'vscode';
import { UserError } from '../core/errors';
import { runWithProgress, type RunOptions, type Work } from './progress';
import type { Services } from './services';
import { showError } from './showError';

/** What the editor's parts do with each other's help: progress, words for errors, trust. */
export function makeServices(parts: Omit<Services, 'run' | 'showError' | 'requireTrust'>): Services {
  const { log } = parts;
  return {
    ...parts,
    run: <T>(title: string, work: Work<T>, { buttons, instead }: RunOptions<T> = {}) => {
      const start = (way: Work<T>): Promise<T | undefined> =>
        runWithProgress(title, way, (error, again) => {
          const offered = instead && error instanceof UserError && instead.on.includes(error.code);
          const other = offered ? [{ title: instead.title, press: () => start(instead.work) }] : [];
          return showError(log, error, { again, first: [...other, ...(buttons?.(error) ?? [])] });
        });
      return start(work);
    },
    showError: (error) => void showError(log, error),
    requireTrust,
  };
}

function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  const message = 'This workspace is not trusted, so nothing of it is run.';
  throw new UserError('untrusted', message, 'Trust it when you know where its models come from.');
}

import type { Context, Runnable, Suite, Test } from 'mocha';

interface Skippable {
  skipReason?: string;
}

/** Skips the test that `context` is of (in a `before` hook: the whole suite) and says why in the summary. */
export function skip(context: Context, reason: string): never {
  const runnable: (Runnable & { type?: string }) | undefined = context.test;
  const skipped = runnable?.type === 'hook' ? runnable.parent : runnable;
  if (skipped) (skipped as Skippable).skipReason = reason;
  return context.skip();
}

/** Why a test was skipped: its own reason, or that of the suite around it. */
export function skipReason(test: Test): string | undefined {
  for (let at: ((Test | Suite) & Skippable) | undefined = test; at; at = at.parent) {
    if (at.skipReason) return at.skipReason;
  }
  return undefined;
}

import Mocha from 'mocha';
import { appendFileSync, writeFileSync } from 'node:fs';
import { format } from 'node:util';
import { skipReason } from './skip';

/** What a run of tests came to. */
export interface Results {
  passed: number;
  failed: { title: string; message: string }[];
  skipped: { title: string; reason?: string }[];
}

/** Where the results go: a file named in the environment, as the tests may run in a process that VS Code starts. */
export const resultsVariable = 'SLIPWAY_TEST_RESULTS';

/** Where mocha's words go when the process that runs it has no terminal: a file too. */
export const outputVariable = 'SLIPWAY_TEST_OUTPUT';

const { EVENT_RUN_END, EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING } = Mocha.Runner.constants;

/** Mocha's `spec` to read along, and the results in a file to add up. */
export class Reporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    const output = process.env[outputVariable];
    if (output) {
      Mocha.reporters.Base.consoleLog = (...words: unknown[]) =>
        appendFileSync(output, `${format(...words)}\n`);
    }
    super(runner, options);
    // Mocha by itself dies of Ctrl+C, and what tests would have taken away stays.
    process.once('SIGINT', () => runner.abort());
    const results: Results = { passed: 0, failed: [], skipped: [] };
    runner.on(EVENT_TEST_PASS, () => results.passed++);
    runner.on(EVENT_TEST_FAIL, (test, error: Error) => {
      results.failed.push({ title: test.fullTitle(), message: error.message });
    });
    runner.on(EVENT_TEST_PENDING, (test) => {
      results.skipped.push({ title: test.fullTitle(), reason: skipReason(test) });
    });
    runner.once(EVENT_RUN_END, () => {
      const file = process.env[resultsVariable];
      if (file) writeFileSync(file, JSON.stringify(results));
    });
  }
}

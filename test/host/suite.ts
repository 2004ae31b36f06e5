import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { resultsVariable, type Results } from './reporter';

/** A part of the tests, run by a process of its own. */
export interface Suite {
  name: string;
  /** Arguments to Node. */
  command: string[];
  /** Why it can not run here; undefined when it can. */
  missing?: string;
}

/** How long an interrupted suite may take to clean up, in milliseconds. */
const patience = 20_000;
let current: ChildProcess | undefined;

/** Arguments to Node that run mocha over a glob; in one process, so that it hears of Ctrl+C itself. */
export function mocha(glob: string, ...flags: string[]): string[] {
  const reporter = ['--reporter', './test/host/mochaReporter.cjs', '--exit'];
  return ['--import', 'tsx', 'node_modules/mocha/lib/cli/cli.js', ...reporter, ...flags, glob];
}

/** Runs a suite with its output in the terminal. One that crashes or does not report has failed. */
export async function runSuite(suite: Suite, folder: string, env: NodeJS.ProcessEnv): Promise<Results> {
  console.log(`\n── ${suite.name} ──`);
  if (suite.missing)
    return { passed: 0, failed: [], skipped: [{ title: 'all of it', reason: suite.missing }] };
  const file = join(folder, `${suite.name}.json`);
  await rm(file, { force: true });
  const child = spawn(process.execPath, suite.command, {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
    env: { ...env, [resultsVariable]: file },
  });
  current = child;
  const end = await new Promise<number | string | null>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  current = undefined;
  const results = await read(file);
  if (!results) return failed(`it ended with ${end} and did not report`);
  const silent = results.failed.length === 0 && end !== 0;
  return silent ? failed(`its tests passed, but it ended with ${end}`, results) : results;
}

/** Ends the suite that runs, first politely. */
export async function stopSuite(): Promise<void> {
  const child = current;
  if (!child?.pid) return;
  const group = -child.pid;
  const ended = new Promise((resolve) => child.once('close', resolve));
  console.log('\nInterrupted: the test that runs may end, and its suite cleans up…');
  process.kill(group, 'SIGINT');
  const timer = setTimeout(() => process.kill(group, 'SIGKILL'), patience);
  await ended;
  clearTimeout(timer);
}

async function read(file: string): Promise<Results | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Results;
  } catch {
    return undefined;
  }
}

function failed(message: string, results: Results = { passed: 0, failed: [], skipped: [] }): Results {
  return { ...results, failed: [...results.failed, { title: 'the suite itself', message }] };
}

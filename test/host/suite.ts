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
  /** Whether it runs at the same time as the one before it; what it prints comes when it has ended. */
  beside?: boolean;
}

/** How long an interrupted suite may take to clean up, in milliseconds. */
const patience = 20_000;
const running = new Set<ChildProcess>();

/** Arguments to Node that run mocha over a glob; in one process, so that it hears of Ctrl+C itself. */
export function mocha(glob: string, ...flags: string[]): string[] {
  const reporter = ['--reporter', './test/host/mochaReporter.cjs', '--exit'];
  return ['--import', 'tsx', 'node_modules/mocha/lib/cli/cli.js', ...reporter, ...flags, glob];
}

/** Suites in groups that run at the same time, in their order. */
export function groupsOf(suites: Suite[]): Suite[][] {
  const groups: Suite[][] = [];
  for (const suite of suites) {
    const last = groups.at(-1);
    if (suite.beside && last) last.push(suite);
    else groups.push([suite]);
  }
  return groups;
}

/** Runs a suite with its output in the terminal, or afterwards when `isHeld`. One that crashes or does not report has failed. */
export async function runSuite(
  suite: Suite,
  folder: string,
  env: NodeJS.ProcessEnv,
  isHeld: boolean,
): Promise<Results> {
  const title = `\n── ${suite.name} ──`;
  if (!isHeld) console.log(title);
  if (suite.missing)
    return { passed: 0, failed: [], skipped: [{ title: 'all of it', reason: suite.missing }] };
  const file = join(folder, `${suite.name}.json`);
  await rm(file, { force: true });
  const output = isHeld ? 'pipe' : 'inherit';
  const child = spawn(process.execPath, suite.command, {
    stdio: ['ignore', output, output],
    detached: true,
    env: { ...env, [resultsVariable]: file },
  });
  running.add(child);
  const held: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece: Buffer) => held.push(piece));
  const end = await new Promise<number | string | null>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  running.delete(child);
  if (isHeld) process.stdout.write(`${title}\n${Buffer.concat(held).toString()}`);
  const results = await read(file);
  if (!results) return failed(`it ended with ${end} and did not report`);
  const silent = results.failed.length === 0 && end !== 0;
  return silent ? failed(`its tests passed, but it ended with ${end}`, results) : results;
}

/** Ends the suites that run, first politely. */
export async function stopSuites(): Promise<void> {
  if (running.size > 0) console.log('\nInterrupted: the test that runs may end, and its suite cleans up…');
  await Promise.all([...running].map(stop));
}

async function stop(child: ChildProcess): Promise<void> {
  if (!child.pid) return;
  const group = -child.pid;
  const ended = new Promise((resolve) => child.once('close', resolve));
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

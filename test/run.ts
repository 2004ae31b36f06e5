/** All tests, with what they need: `npm test [-- --only unit,clusters,docker,editor,e2e]`. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ensureBaseImages } from './host/baseImages';
import { chromiumPath } from './host/browser';
import { install } from './host/codeServer';
import { run } from './host/command';
import { ensureEngine, type Engine } from './host/engine';
import { killLeftovers, removeSlipwayContainers, runVariable, slipwayContainers } from './host/leftovers';
import { packageExtension } from './host/package';
import type { Results } from './host/reporter';
import { installRequirements } from './host/requirements';
import { groupsOf, mocha, runSuite, stopSuites, type Suite } from './host/suite';

const id = randomUUID();
const folder = 'out/test/results';
const clusters = 'test/unit/target/**/*.test.ts';

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const wanted = values.only?.split(',');
  await installRequirements();
  const engine = await ensureEngine();
  // What a run has left that was killed, on an engine that nobody else uses.
  if (engine?.ours) await removeSlipwayContainers(engine.docker);
  const before = engine && (await slipwayContainers(engine.docker));
  if (before?.size) console.error(`Views will show these containers too: ${[...before.values()].join(', ')}`);
  let cleaning: Promise<void> | undefined;
  const cleanOnce = () => (cleaning ??= clean(engine, before));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(
      signal,
      () =>
        void stopSuites()
          .then(cleanOnce)
          .finally(() => process.exit(130)),
    );
  }
  try {
    await prepare(engine);
    const results = new Map<string, Results>();
    const env = { ...process.env, [runVariable]: id };
    for (const group of groupsOf(suites(engine).filter(({ name }) => wanted?.includes(name) ?? true))) {
      const runs = group.map((suite, index) => runSuite(suite, folder, env, index > 0));
      for (const [index, done] of (await Promise.all(runs)).entries())
        results.set(group[index]?.name ?? '', done);
    }
    await cleanOnce();
    return summarize(results);
  } finally {
    await cleanOnce();
  }
}

async function prepare(engine: Engine | undefined): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (engine) await ensureBaseImages(engine.docker);
  await run(process.execPath, ['esbuild.mjs', '--tests']);
  await packageExtension();
  await install();
}

function suites(engine: Engine | undefined): Suite[] {
  const browser = chromiumPath() ? undefined : 'no Chromium was found';
  return [
    { name: 'unit', command: mocha('test/unit/**/*.test.ts', '--ignore', clusters) },
    // They wait more than they work.
    { name: 'clusters', command: mocha(clusters), beside: true },
    {
      name: 'docker',
      command: mocha('test/docker/**/*.test.ts', '--timeout', '120000'),
      missing: engine ? undefined : 'no Docker engine answers, and none can be started here',
    },
    { name: 'editor', command: ['--import', 'tsx', 'test/host/runEditorTests.ts'], missing: browser },
    { name: 'e2e', command: mocha('test/e2e/**/*.test.ts', '--timeout', '180000'), missing: browser },
  ];
}

/** Prints what was skipped and what failed, and the counts as the last line; answers the exit code. */
function summarize(results: Map<string, Results>): number {
  const all = [...results].flatMap(([suite, { failed, skipped }]) => [
    ...skipped.map(({ title, reason }) => `skipped  ${suite}: ${title} (${reason ?? 'no reason given'})`),
    ...failed.map(({ title, message }) => `failed   ${suite}: ${title}: ${message.split('\n')[0]}`),
  ]);
  const count = (of: (results: Results) => number) =>
    [...results.values()].reduce((sum, one) => sum + of(one), 0);
  const failures = count(({ failed }) => failed.length);
  const skips = count(({ skipped }) => skipped.length);
  console.log(`\n${all.map((line) => `${line}\n`).join('')}`);
  console.log(`${count(({ passed }) => passed)} passed, ${failures} failed, ${skips} skipped`);
  return failures ? 1 : 0;
}

/** Ends what the suites started. On an engine that others use too, containers may be theirs: those are only named. */
async function clean(engine: Engine | undefined, before: Map<string, string> = new Map()): Promise<void> {
  killLeftovers(id);
  if (!engine) return;
  if (engine.ours) await removeSlipwayContainers(engine.docker);
  for (const [container, name] of await slipwayContainers(engine.docker)) {
    if (!before.has(container)) console.error(`Made meanwhile and still there: container ${name}`);
  }
  await engine.stop();
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    console.log('0 passed, 1 failed, 0 skipped');
    process.exit(1);
  },
);

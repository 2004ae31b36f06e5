import { parseArgs } from 'node:util';
import manifest from '../../package.json';
import { messageOf } from '../core/errors';
import { UsageError, type Call, type Values } from './call';
import { Output, exitCodeOf } from './output';
import { SamplesFailed, predict, test } from './predictions';
import { deploy, manifests, plan, releases, rollback } from './releases';
import { serve } from './serve';
import { settingsOf } from './settings';
import { help, helpText, type Command } from './usage';
import { Workspace } from './workspace';

const commands: Record<Command, (call: Call) => Promise<void>> = {
  deploy,
  plan,
  manifests,
  rollback,
  releases,
  test,
  predict,
  serve,
};

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const options = {
  target: text,
  note: text,
  sample: text,
  inputs: text,
  url: text,
  junit: text,
  out: text,
  format: text,
  port: text,
  host: text,
  anyway: flag,
  'load-anyway': flag,
  json: flag,
  help: { ...flag, short: 'h' },
  version: flag,
} as const;

/** Runs one command; resolves to the exit code. */
async function main(line: string[]): Promise<number> {
  let read: ReturnType<typeof parse>;
  try {
    read = parse(line);
  } catch (error) {
    return misused(messageOf(error));
  }
  const { values, positionals } = read;
  const [command, ...given] = positionals;
  if (values.version) return say(`${manifest.version}\n`);
  if (command === undefined || command === 'help')
    return values.help || command ? say(helpText()) : misused();
  if (!isCommand(command)) return misused(`There is no command ${command}.`);
  if (values.help) return say(helpText(command));
  const unfit = Object.keys(values).find(
    (name) =>
      name !== 'json' &&
      !help[command].usage.includes(`--${name}`) &&
      !help[command].options.some((each) => each.startsWith(`--${name} `)),
  );
  if (unfit !== undefined) return misused(`slipway ${command} has no option --${unfit}.`, command);
  return run(command, given, values);
}

async function run(
  command: Command,
  given: string[],
  values: ReturnType<typeof parse>['values'],
): Promise<number> {
  const output = new Output(values.json ?? false);
  const { 'load-anyway': loadAnyway = false, anyway = false, ...rest } = values;
  try {
    const call: Call = {
      workspace: await Workspace.open(process.cwd()),
      settings: settingsOf(process.env, output.log),
      output,
      signal: untilInterrupted(),
      given,
      values: { ...(rest as Partial<Values>), anyway, loadAnyway },
    };
    await commands[command](call);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) return misused(error.message, command);
    if (error instanceof SamplesFailed) return 3;
    output.failure(error);
    return exitCodeOf(error);
  }
}

function parse(line: string[]) {
  return parseArgs({ args: line, options, allowPositionals: true });
}

function isCommand(name: string): name is Command {
  return name in commands;
}

function say(words: string): number {
  process.stdout.write(words);
  return 0;
}

function misused(why?: string, command?: Command): number {
  process.stderr.write(`${why ? `${why}\n\n` : ''}${helpText(command)}`);
  return 2;
}

/** Aborts with the first Ctrl+C, so that what was begun is taken back in order; the second one ends at once. */
function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      process.stderr.write('Stopping; once more to end at once.\n');
      controller.abort();
    });
  }
  return controller.signal;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
    // What is kept open for the next request, such as connections, must not keep the process.
    setTimeout(() => process.exit(), 1000).unref();
  },
  (error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = 1;
  },
);

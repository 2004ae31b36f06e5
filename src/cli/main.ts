import { parseArgs } from 'node:util';
import manifest from '../../package.json';
import { messageOf } from '../core/errors';
import { UsageError, type Call } from './call';
import { Output, exitCodeOf } from './output';
import { predict } from './predict';
import { deploy, manifests, plan, releases, rollback } from './releases';
import { serve } from './serve';
import { settingsOf } from './settings';
import { SamplesFailed, test } from './test';
import { untilStopped } from './untilStopped';
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
  container: flag,
  process: flag,
  json: flag,
  help: { ...flag, short: 'h' },
  version: flag,
} as const;

/** Runs one command; resolves to the exit code. */
async function main(line: string[]): Promise<number> {
  const signal = untilStopped();
  const output = new Output(line.includes('--json'));
  let command: Command | undefined;
  try {
    // Its help is shown where the rest of the line can not be read.
    command = line.find((word) => Object.hasOwn(commands, word)) as Command | undefined;
    const { values, positionals } = parse(line);
    command = undefined;
    const [first, ...given] = positionals;
    if (values.version) return say(`${manifest.version}\n`);
    if (first === 'help') return say(helpText(helped(given)));
    if (first !== undefined) command = commandOf(first);
    if (values.help) return say(helpText(command));
    if (command === undefined) throw new UsageError('Name a command.');
    checkOptions(command, values);
    await commands[command](await callOf(given, values, output, signal));
    return 0;
  } catch (error) {
    if (error instanceof SamplesFailed) return 3;
    output.failure(error, command);
    return exitCodeOf(error);
  }
}

async function callOf(
  given: string[],
  values: ParsedValues,
  output: Output,
  signal: AbortSignal,
): Promise<Call> {
  const { 'load-anyway': loadAnyway = false, anyway = false, container = false, ...rest } = values;
  return {
    workspace: await Workspace.open(process.cwd()),
    settings: settingsOf(process.env, output.log),
    output,
    signal,
    given,
    values: { ...rest, anyway, loadAnyway, container, process: values.process ?? false },
  };
}

type ParsedValues = ReturnType<typeof parse>['values'];

function parse(line: string[]) {
  try {
    return parseArgs({ args: line, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

function commandOf(name: string): Command {
  if (Object.hasOwn(commands, name)) return name as Command;
  throw new UsageError(`There is no command ${name}.`);
}

/** The command whose help is asked for; undefined for that of all. */
function helped([name, ...more]: string[]): Command | undefined {
  if (more.length > 0) throw new UsageError('help takes the name of one command.');
  return name === undefined ? undefined : commandOf(name);
}

function checkOptions(command: Command, values: ParsedValues): void {
  const { usage, options } = help[command];
  const unfit = Object.keys(values).find(
    (name) => !usage.includes(`--${name}`) && !options.some((each) => each.startsWith(`--${name} `)),
  );
  if (unfit !== undefined) throw new UsageError(`slipway ${command} has no option --${unfit}.`);
}

function say(words: string): number {
  process.stdout.write(words);
  return 0;
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

/**
 * Holds the model server against ONNX backend cases: `npm run conformance [-- CASES [PLAIN [WORD]]]`.
 *
 * CASES is a folder, or a .tar.gz of one (default: ../shared/onnx-backend-cases.tar.gz), that has a folder for each case: `model.onnx`, perhaps `data.json` with `rtol` and `atol`, and `test_data_set_N` with
 * `input_K.pb` and `output_K.pb`. PLAIN (default: the .json beside the archive) is a JSON object of what the runtime itself makes of each case, by its path in FOLDER:
 * "pass", "fail", or any other word where it does not run. WORD leaves only the cases whose name holds it.
 * Exits with 1 when a case gives a wrong answer that the runtime itself does not give, ends the server, or is lost:
 * passes plainly, and not through the server.
 */
import { existsSync, readFileSync } from 'node:fs';
import { printTable } from '../bench/table';
import { run } from '../host/command';
import { temporaryFolder } from '../host/workspace';
import { stopServers } from '../unit/server/support/serverProcess';
import type { Way } from './ask';
import { findCases } from './cases';
import type { Case } from './cases';
import { tryCase } from './tryCase';
import type { Outcomes } from './tryCase';

const ways: Way[] = ['JSON', 'binary'];
const atOnce = 2;

/** Where an archive is unpacked: in a folder for this run. */
async function unpack(archive: string): Promise<string> {
  const folder = await temporaryFolder('conformance');
  await run('tar', ['-xzf', archive, '-C', folder]);
  return folder;
}

async function main(): Promise<void> {
  const [given = '../shared/onnx-backend-cases.tar.gz', plainGiven, word = ''] = process.argv.slice(2);
  if (!existsSync(given)) {
    process.stderr.write(
      `There are no cases at ${given}. Usage: npm run conformance -- CASES [PLAIN.json [WORD]]\n`,
    );
    process.exitCode = 2;
    return;
  }
  const packed = given.endsWith('.tar.gz');
  const folder = packed ? await unpack(given) : given;
  const plainFile = plainGiven ?? (packed ? given.replace(/\.tar\.gz$/, '.json') : undefined);
  const plain =
    plainFile && existsSync(plainFile)
      ? (JSON.parse(readFileSync(plainFile, 'utf8')) as Record<string, string>)
      : {};
  const cases = findCases(folder).filter(({ name }) => name.includes(word));
  const outcomes = new Map<string, Outcomes>();
  const left = [...cases];
  const work = async () => {
    for (let one = left.shift(); one; one = left.shift()) {
      outcomes.set(one.name, await tryCase(one));
      if (outcomes.size % 100 === 0) process.stderr.write(`${outcomes.size} of ${cases.length} cases\n`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  await stopServers();
  report(cases, outcomes, plain);
}

function report(cases: Case[], outcomes: Map<string, Outcomes>, plain: Record<string, string>): void {
  const of = (name: string, way: Way) => (outcomes.get(name) as Outcomes)[way];
  const all = cases.flatMap(({ name }) => ways.map((way) => ({ name, way, ...of(name, way) })));
  const refused = new Map<string, string[]>();
  for (const { result, name, detail } of all)
    if (result === 'refused') refused.set(detail, [...new Set(refused.get(detail)).add(name)]);
  for (const [reason, names] of refused)
    print(`refused  ${names[0]}${names.length > 1 ? ` and ${names.length - 1} more` : ''}: ${reason}`);
  const asRuntime = (name: string) => plain[name] === 'fail';
  const lost = all.filter(({ name, result }) => plain[name] === 'pass' && result !== 'passed');
  const ended = all.filter(({ result }) => result === 'ended');
  const wrong = all.filter(({ name, result }) => result === 'wrong' && !asRuntime(name));
  const known = all.filter(({ name, result }) => result === 'wrong' && asRuntime(name));
  const lists = { lost, wrong, ended, 'wrong from the runtime itself': known };
  for (const [title, list] of Object.entries(lists))
    for (const { name, way, result, detail } of list)
      print(`${title}  ${name} (${way}): ${result}, ${detail}`);
  print('');
  const count = (way: Way, result: string) =>
    String(all.filter((one) => one.way === way && one.result === result).length);
  const results = ['passed', 'refused', 'wrong', 'ended'];
  printTable(
    [`${cases.length} cases`, ...results, 'lost'],
    ways.map((way) => [
      way,
      ...results.map((result) => count(way, result)),
      plainKnown(plain) ? String(lost.filter((one) => one.way === way).length) : '–',
    ]),
  );
  if (cases.length === 0 || lost.length + ended.length + wrong.length > 0) process.exitCode = 1;
}

function plainKnown(plain: Record<string, string>): boolean {
  return Object.keys(plain).length > 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

void main();

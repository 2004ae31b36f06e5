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
import { stopServers } from '../unit/server/support/serverProcess';
import type { Way } from './ask';
import { findCases, unpack } from './cases';
import { isGood, judge, tryCases, ways } from './verdict';
import type { Plain, Verdict } from './verdict';

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
  const plain: Plain =
    plainFile && existsSync(plainFile) ? (JSON.parse(readFileSync(plainFile, 'utf8')) as Plain) : {};
  const cases = findCases(folder).filter(({ name }) => name.includes(word));
  const outcomes = await tryCases(cases, (count) => {
    if (count % 100 === 0) process.stderr.write(`${count} of ${cases.length} cases\n`);
  });
  await stopServers();
  const verdict = judge(outcomes, plain);
  report(cases.length, verdict, plain);
  if (!isGood(verdict)) process.exitCode = 1;
}

function report(cases: number, { all, lost, wrong, ended, known }: Verdict, plain: Plain): void {
  const refused = new Map<string, string[]>();
  for (const { result, name, detail } of all)
    if (result === 'refused') refused.set(detail, [...new Set(refused.get(detail)).add(name)]);
  for (const [reason, names] of refused)
    print(`refused  ${names[0]}${names.length > 1 ? ` and ${names.length - 1} more` : ''}: ${reason}`);
  const lists = { lost, wrong, ended, 'wrong from the runtime itself': known };
  for (const [title, list] of Object.entries(lists))
    for (const { name, way, result, detail } of list)
      print(`${title}  ${name} (${way}): ${result}, ${detail}`);
  print('');
  const count = (way: Way, result: string) =>
    String(all.filter((one) => one.way === way && one.result === result).length);
  const results = ['passed', 'refused', 'wrong', 'ended'];
  printTable(
    [`${cases} cases`, ...results, 'lost'],
    ways.map((way) => [
      way,
      ...results.map((result) => count(way, result)),
      plainKnown(plain) ? String(lost.filter((one) => one.way === way).length) : '–',
    ]),
  );
}

function plainKnown(plain: Plain): boolean {
  return Object.keys(plain).length > 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

void main();

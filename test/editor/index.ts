import Mocha from 'mocha';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Reporter } from '../host/reporter';

/** Runs every test file beside this one inside the extension host; VS Code calls it. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: Reporter });
  const grep = process.env['SLIPWAY_TEST_GREP'];
  if (grep) mocha.grep(grep);
  for (const name of readdirSync(__dirname, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!name.endsWith('.test.js')) continue;
    const file = join(__dirname, name);
    mocha.suite.emit(Mocha.Suite.constants.EVENT_FILE_PRE_REQUIRE, globalThis, file, mocha);
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- the file is known only now, and is CommonJS
    require(file);
  }
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} tests failed.`);
}

/** A string as YAML has it. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** Strings as a list of YAML on one line. */
export function list(texts: string[]): string {
  return `[${texts.map(quoted).join(', ')}]`;
}

/** A word as a POSIX shell has it; `~/` at its begin stays the home folder. */
export function shellWord(text: string): string {
  const [home, rest] = text.startsWith('~/') ? ['~/', text.slice(2)] : ['', text];
  return `${home}'${rest.replaceAll("'", `'\\''`)}'`;
}

/** Lines that stand further right; empty ones stay so. */
export function indented(lines: string[], spaces: number): string {
  return lines.map((line) => `${line && ' '.repeat(spaces) + line}\n`).join('');
}

/** How a workflow runs the command line: from the package that SLIPWAY_PACKAGE names, so that nobody who holds a name at npm is let in. */
export const slipwayCommand = 'npx --yes --package "$SLIPWAY_PACKAGE" slipway';

/** What stands above SLIPWAY_PACKAGE. */
export const aboutPackage = [
  "# The command line: the .tgz that `npm run package` in Slipway's repository makes. A path, seen from the folder of slipway.json,",
  '# or an https:// address. Not a name alone: npm would run whatever somebody has put there under it, with the secrets below.',
];
export const packageFile = './slipway-linux-x64.tgz';

/** A shell script that ends unless a variable is set. `missing` is for who reads the log. */
export function demand(variable: string, missing: string): string[] {
  return [`if [ -z "$${variable}" ]; then`, `  echo ${shellWord(missing)}`, '  exit 1', 'fi'];
}

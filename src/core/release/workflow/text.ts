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

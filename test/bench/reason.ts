const longest = 200;

/** What tells most in the output of a program that failed: its last line that names an error, else its last line. */
export function reasonIn(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const errors = lines.filter((line) => /^[\w.]*(Error|ERROR|Exception)\b/.test(line));
  const line = errors.at(-1) ?? lines.filter(Boolean).at(-1) ?? 'it says nothing';
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}

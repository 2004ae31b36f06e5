/** The line of a Dockerfile that sets labels. */
export function labelLine(values: Record<string, string>): string {
  const pairs = Object.entries(values).map(([name, value]) => `${quoted(name)}=${quoted(value)}`);
  return `LABEL ${pairs.join(' ')}`;
}

/** In quotes, a Dockerfile still expands `$NAME` and reads `\` as an escape. A line break can not be written at all. */
function quoted(text: string): string {
  return `"${text.replace(/[\r\n]+/g, ' ').replace(/["\\$]/g, '\\$&')}"`;
}

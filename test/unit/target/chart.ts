import assert from 'node:assert/strict';
import { parse } from 'yaml';

/**
 * Throws where a chart is wrong in what can be seen without Helm: files that are no YAML, values that a template uses and nobody sets, and
 * values that none uses.
 */
export function assertChart(files: Record<string, string>): void {
  const chart = parse(files['Chart.yaml'] ?? '') as Record<string, unknown>;
  assert.deepEqual([chart['apiVersion'], chart['type']], ['v2', 'application']);
  assert.match(String(chart['name']), /^[a-z]([-a-z0-9]*[a-z0-9])?$/);
  assert.match(String(chart['version']), /^\d+\.\d+\.\d+$/);
  const values = parse(files['values.yaml'] ?? '') as object;
  const templates = Object.entries(files).filter(([path]) => path.startsWith('templates/'));
  const all = templates.map(([, text]) => text).join('\n');
  assert.doesNotMatch(all, /@@/, 'every mark is replaced');
  const used = new Set([...all.matchAll(/\.Values\.([\w.]+)/g)].map(([, path]) => path ?? ''));
  const set = leavesOf(values);
  const isIn = (path: string, paths: string[]) =>
    paths.some((each) => each === path || each.startsWith(`${path}.`) || path.startsWith(`${each}.`));
  assert.deepEqual(
    [...used].filter((path) => !isIn(path, set)),
    [],
    'used and not set',
  );
  assert.deepEqual(
    set.filter((path) => !isIn(path, [...used])),
    [],
    'set and not used',
  );
  for (const [path, text] of templates) {
    const opened = text.match(/{{-? (if|range|with) /g)?.length ?? 0;
    assert.equal(text.match(/{{-? end /g)?.length ?? 0, opened, `${path} closes what it opens`);
  }
}

/** `image.digest` */
function leavesOf(values: object, prefix = ''): string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null
      ? leavesOf(value as object, `${prefix}${name}.`)
      : [`${prefix}${name}`],
  );
}

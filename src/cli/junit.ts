import type { Tested } from './test';

/** Results as CI systems read them. Source: https://github.com/testmoapp/junitxml */
export function junitOf(tested: Tested[]): string {
  const models = [...new Set(tested.map(({ model }) => model))];
  const suites = models.map((model) =>
    suiteOf(
      model,
      tested.filter((each) => each.model === model),
    ),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('')}</testsuites>\n`;
}

function suiteOf(model: string, tested: Tested[]): string {
  const failures = tested.filter(({ pass }) => pass === false).length;
  const errors = tested.filter(({ error }) => error !== undefined).length;
  const skipped = tested.filter((each) => each.skipped !== undefined).length;
  const counts = `tests="${tested.length}" failures="${failures}" errors="${errors}" skipped="${skipped}"`;
  return `  <testsuite name="${escaped(model)}" ${counts}>\n${tested.map(caseOf).join('')}  </testsuite>\n`;
}

function caseOf({ model, sample, pass, milliseconds = 0, problems, error, skipped }: Tested): string {
  const head = `    <testcase classname="${escaped(model)}" name="${escaped(sample)}" time="${milliseconds / 1000}"`;
  if (skipped !== undefined) return `${head}><skipped message="${escaped(skipped)}"/></testcase>\n`;
  if (error === undefined && pass !== false) return `${head}/>\n`;
  const tag = error === undefined ? 'failure' : 'error';
  const told = `<${tag} message="${escaped(problems[0] ?? '')}">${escaped(problems.join('\n'))}</${tag}>`;
  return `${head}>${told}</testcase>\n`;
}

function escaped(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  const printable = text.replace(/(?![\t\n\r])\p{Cc}/gu, ' ');
  return printable.replace(/[&<>"]/g, (each) => entities[each] ?? each);
}

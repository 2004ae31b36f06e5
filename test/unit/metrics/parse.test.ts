import assert from 'node:assert/strict';
import { MetricsSyntaxError, parseMetrics } from '../../../src/core/metrics/parse';
import { durationsOf, samplesOf, total } from '../../../src/core/metrics/query';

const plain = (text: string) =>
  [...parseMetrics(text).values()].flatMap(({ samples }) =>
    samples.map(({ name, labels, value }) => [name, Object.fromEntries(labels), value]),
  );

describe('parseMetrics', () => {
  it('reads names, labels, values and timestamps', () => {
    const families = parseMetrics('a_total{x="1", y="two",} 3 1700000000123\n:b:c 4.5e-3\n');
    assert.deepEqual(plain('a_total{x="1", y="two",} 3 1700000000123'), [
      ['a_total', { x: '1', y: 'two' }, 3],
    ]);
    assert.equal(families.get('a_total')?.samples[0]?.timestamp, 1700000000123);
    assert.equal(total(families, ':b:c'), 0.0045);
  });

  it('undoes escapes in labels and help', () => {
    const text = String.raw`# HELP m one\ntwo \\ three
m{path="C:\\dir\\n",quote="say \"hi\"",line="a\nb",brace="}, {"} 1`;
    const family = parseMetrics(text).get('m');
    assert.equal(family?.help, 'one\ntwo \\ three');
    assert.deepEqual(Object.fromEntries(family?.samples[0]?.labels ?? []), {
      path: 'C:\\dir\\n',
      quote: 'say "hi"',
      line: 'a\nb',
      brace: '}, {',
    });
  });

  it('reads what is not a finite number', () => {
    assert.deepEqual(
      plain('a +Inf\nb -Inf\nc NaN\nd Inf\n').map(([, , value]) => value),
      [Infinity, -Infinity, NaN, Infinity],
    );
  });

  it('puts buckets, sums and counts into their family, and only there', () => {
    const families = parseMetrics(
      '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\n' +
        '# TYPE s summary\ns{quantile="0.5"} 7\ns_sum 8\ns_count 9\n# TYPE g gauge\ng 1\ng_count 5\n',
    );
    assert.deepEqual(
      [...families.values()].map(({ name, type, samples }) => [name, type, samples.length]),
      [
        ['h', 'histogram', 4],
        ['s', 'summary', 3],
        ['g', 'gauge', 1],
        ['g_count', 'unknown', 1],
      ],
    );
    assert.equal(samplesOf(families, 's_count')[0]?.value, 9);
  });

  it('reads OpenMetrics: families without _total, exemplars, seconds, the end', () => {
    const families = parseMetrics(
      '# TYPE r counter\n# UNIT r seconds\nr_total{a="b"} 5 1700000000.5 # {trace="x y"} 0.1 1700000000\nr_created 1\n# EOF\n',
    );
    const [sample] = samplesOf(families, 'r_total');
    assert.deepEqual([sample?.value, sample?.timestamp], [5, 1700000000500]);
    assert.equal(families.get('r')?.samples.length, 2);
  });

  it('reads names in quotes, Windows line ends and empty lines', () => {
    assert.deepEqual(plain('\r\n{"my.metric", a="b"} 1\r\n# just a comment\r\nm{} 2\r\n'), [
      ['my.metric', { a: 'b' }, 1],
      ['m', {}, 2],
    ]);
  });

  for (const [text, reason] of [
    ['ok 1\n<html>', /line 2/],
    ['m{a="b} 1', /line 1/],
    ['m{a} 1', /label “a” has no value/],
    ['m', /“” is not a number/],
    ['m 1x', /“1x” is not a number/],
    ['m 1 2 3', /unexpected “3”/],
  ] as const) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseMetrics(text),
        (error) => error instanceof MetricsSyntaxError && reason.test(error.message),
      );
    });
  }
});

describe('durationsOf', () => {
  const families = parseMetrics(
    `# TYPE d histogram
d_bucket{route="a",le="10"} 1
d_bucket{route="a",le="5"} 1
d_bucket{route="a",le="+Inf"} 2
d_sum{route="a"} 30
d_count{route="a"} 2
d_bucket{route="b",le="5"} 4
d_bucket{route="b",le="10"} 5
d_bucket{route="b",le="+Inf"} 5
d_sum{route="b"} 20
d_count{route="b"} 5
`,
  );

  it('adds up series and brings them to seconds', () => {
    assert.deepEqual(durationsOf(families, 'd', 0.001), {
      bounds: [0.005, 0.01, Infinity],
      counts: [5, 6, 7],
      sum: 0.05,
      count: 7,
    });
  });

  it('takes only the series that are wanted', () => {
    const durations = durationsOf(families, 'd', 1, (labels) => labels.get('route') === 'a');
    assert.deepEqual(durations?.counts, [1, 1, 2]);
  });
});

import assert from 'node:assert/strict';
import { ValueSummaries } from '../../../src/server/summaries';

const rows = (...values: number[]) => ({
  name: 'x',
  datatype: 'FP32' as const,
  shape: [values.length / 2, 2],
  data: Float32Array.from(values),
});

describe('summaries of values', () => {
  it('have mean and spread of each feature, by its name, without what is no number', () => {
    const summaries = new ValueSummaries(new Map([['x', ['width', 'a "b"']]]));
    summaries.observe('input', [rows(1, 10, 2, NaN)]);
    summaries.observe('input', [rows(3, Infinity)]);
    const text = summaries.text();
    for (const line of [
      'slipway_values_sum{role="input",tensor="x",feature="width"} 6',
      'slipway_values_count{role="input",tensor="x",feature="width"} 3',
      'slipway_squared_values_sum{role="input",tensor="x",feature="width"} 14',
      'slipway_values_count{role="input",tensor="x",feature="a \\"b\\""} 1',
      'slipway_missing_values_total{role="input",tensor="x",feature="a \\"b\\""} 2',
    ]) {
      assert.ok(text.includes(`${line}\n`), `${line} is not in\n${text}`);
    }
  });

  it('count labels, and stay few whatever comes', () => {
    const summaries = new ValueSummaries();
    for (let label = 0n; label < 200n; label++) {
      const data = BigInt64Array.of(label, 1n);
      summaries.observe('output', [{ name: 'label', datatype: 'INT64', shape: [2], data }]);
    }
    const lines = summaries
      .text()
      .split('\n')
      .filter((line) => line.startsWith('slipway_labels_total'));
    assert.equal(lines.length, 51);
    assert.ok(lines.includes('slipway_labels_total{role="output",tensor="label",value="1"} 201'));
    assert.ok(lines.includes('slipway_labels_total{role="output",tensor="label",value="other"} 150'));
  });

  it('look at some rows of many, from the first to the last, and count those', () => {
    const summaries = new ValueSummaries();
    const many = 100_000;
    const data = Float32Array.from({ length: 2 * many }, (_, index) => index >> 1);
    summaries.observe('input', [{ name: 'x', datatype: 'FP32', shape: [many, 2], data }]);
    const value = (name: string, feature: number) =>
      Number(
        new RegExp(`^${name}\\{role="input",tensor="x",feature="${feature}"\\} (.+)$`, 'm').exec(
          summaries.text(),
        )?.[1],
      );
    for (const feature of [0, 1]) {
      const count = value('slipway_values_count', feature);
      const mean = value('slipway_values_sum', feature) / count;
      const squares = value('slipway_squared_values_sum', feature) / count;
      assert.equal(count, 1024);
      assert.ok(Math.abs(mean - many / 2) < many / 1000, String(mean));
      assert.ok(Math.abs(squares - many ** 2 / 3) < many ** 2 / 1000, String(squares));
    }
  });

  it('take a picture as a whole', () => {
    const summaries = new ValueSummaries();
    const picture = {
      name: 'p',
      datatype: 'UINT8' as const,
      shape: [1, 3, 100, 100],
      data: new Uint8Array(30000).fill(2),
    };
    summaries.observe('input', [picture]);
    assert.match(summaries.text(), /slipway_values_count\{role="input",tensor="p",feature=""\} 1024/);
  });
});

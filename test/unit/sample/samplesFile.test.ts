import assert from 'node:assert/strict';
import type { Tensor } from '../../../src/core/inference/tensor';
import { compare } from '../../../src/core/sample/compare';
import {
  checkMeantFor,
  locate,
  parseSamples,
  recordExpected,
  samplesPathFor,
} from '../../../src/core/sample/samplesFile';

const text = `{
  "model": "iris.onnx",
  "samples": [
    // the first
    { "name": "setosa", "inputs": { "x": [[5.1, 3.5]], "id": 9223372036854775807 } },
    { "name": "virginica", "inputs": { "x": [[6.9, 3.2]] }, "expected": { "y": [2] }, "rtol": 0.1 },
  ]
}
`;

const label: Tensor = { name: 'label', datatype: 'INT64', shape: [1], data: BigInt64Array.of(2n ** 62n) };
const floats = (...values: number[]): Tensor => {
  return { name: 'p', datatype: 'FP32', shape: [1, values.length], data: Float32Array.from(values) };
};

function at(source: string, range: { offset: number; length: number } | undefined): string {
  assert.ok(range);
  return source.slice(range.offset, range.offset + range.length);
}

describe('a samples file', () => {
  it('is for the model that it names', () => {
    const file = parseSamples(text);
    checkMeantFor(file, '/w/models/iris.samples.json', '/w/models/iris.onnx');
    checkMeantFor({ samples: [], problems: [] }, '/w/a.samples.json', '/w/models/iris.onnx');
    assert.throws(
      () => checkMeantFor(file, '/w/tests/iris.samples.json', '/w/models/iris.onnx'),
      /iris\.samples\.json is for iris\.onnx, as its "model" says, and not for \.\.\/models\/iris\.onnx/,
    );
    assert.throws(() => checkMeantFor(file, '/w/v2.samples.json', '/w/v2.onnx'), /and not for v2\.onnx/);
  });

  it('is read, with where everything stands', () => {
    const { samples, problems, model } = parseSamples(text);
    assert.deepEqual(problems, []);
    assert.equal(model, 'iris.onnx');
    const [first, second] = samples;
    assert.deepEqual(first?.inputs, { x: [[5.1, 3.5]], id: 2n ** 63n - 1n });
    assert.deepEqual([first?.rtol, first?.atol], [1e-3, 1e-7]);
    assert.equal(at(text, first?.nameRange), '"setosa"');
    assert.deepEqual([second?.rtol, second?.expected], [0.1, { y: [2] }]);
    assert.match(at(text, second?.range), /^\{ "name": "virginica".*0\.1 \}$/);
  });

  it('is beside its model', () =>
    assert.equal(samplesPathFor('/w/models/iris.onnx'), '/w/models/iris.samples.json'));

  it('finds the place of a value, or what of its path there is', () => {
    assert.equal(at(text, locate(text, 1, ['inputs', 'x', 0, 1])), '3.2');
    assert.equal(at(text, locate(text, 1, ['inputs', 'x', 0, 7])), '[6.9, 3.2]');
    assert.equal(at(text, locate(text, 1, ['expected', 'z'])), '"expected"');
    assert.equal(
      at(text, locate(text, 0, ['expected', 'z'])),
      at(text, parseSamples(text).samples[0]?.range),
    );
    assert.deepEqual(locate('', 0, []), { offset: 0, length: 0 });
  });

  const broken: [what: string, bad: string, problem: RegExp, place: string][] = [
    [
      'of a word that is no property',
      '{ "name": "b", "inputs": {}, "input": {} }',
      /no property "input"/,
      '"input"',
    ],
    ['without a name', '{ "inputs": {} }', /"name" is missing/, '{ "inputs": {} }'],
    ['with a tolerance that is none', '{ "name": "b", "inputs": {}, "atol": "1" }', /Expected number/, '"1"'],
    ['that lacks a comma', '{ "name": "b", "inputs": { "x": [1 2] } }', /comma is expected/, '2'],
    [
      'with one input twice',
      '{ "name": "b", "inputs": { "x": [1], "x": [2] } }',
      /"x" stands here twice/,
      '"x"',
    ],
  ];
  for (const [what, bad, problem, place] of broken) {
    it(`keeps the other samples beside one ${what}`, () => {
      const source = `{ "samples": [{ "name": "a", "inputs": {} }, ${bad}, { "name": "c", "inputs": {} }] }`;
      const { samples, problems } = parseSamples(source);
      assert.deepEqual(
        samples.map(({ name, index }) => [name, index]),
        [
          ['a', 0],
          ['c', 2],
        ],
      );
      assert.equal(problems.length, 1);
      assert.match(problems[0]?.message ?? '', problem);
      assert.equal(at(source, problems[0]?.range), place);
    });
  }

  it('marks a name that is there already', () => {
    const source = '{ "samples": [{ "name": "a", "inputs": {} }, { "name": "a", "inputs": {} }] }';
    const { samples, problems } = parseSamples(source);
    assert.equal(samples.length, 2);
    assert.equal(problems[0]?.range.offset, source.lastIndexOf('"a"'));
  });

  it('is never too strange to be read', () => {
    for (const source of [
      '',
      'null',
      '[]',
      '{',
      '{"samples": 5}',
      '{"samples": [null, 5, []]}',
      '\u0000',
      '"samples"',
    ]) {
      const { samples, problems } = parseSamples(source);
      assert.deepEqual(samples, [], source);
      assert.ok(problems.length > 0, source);
    }
    for (const depth of [101, 3000, 200_000]) {
      const { samples, problems } = parseSamples(`{"samples": ${'['.repeat(depth)}${']'.repeat(depth)}}`);
      assert.deepEqual([samples, problems.length], [[], 1]);
      assert.match(problems[0]?.message ?? '', /more than 100 levels/);
    }
  });
});

describe('recordExpected', () => {
  it('writes what the model gave, and leaves the rest as it is', () => {
    const recorded = recordExpected(text, 0, [label, floats(0.1, 1 / 3)]);
    const [before, after] = text.split('"id": 9223372036854775807 } }');
    assert.equal(
      recorded,
      `${before}"id": 9223372036854775807 }, "expected": {
      "label": [4611686018427387904],
      "p": [
        [0.1, 0.33333334]
      ]
    } }${after}`,
    );
  });

  it('replaces what was expected', () => {
    const recorded = recordExpected(text, 1, [label]);
    assert.deepEqual(parseSamples(recorded).samples[1]?.expected, { label: [2n ** 62n] });
    assert.match(recorded, /"rtol": 0\.1/);
  });

  it('keeps tabs, and line ends of Windows', () => {
    const source =
      '{\r\n\t"samples": [\r\n\t\t{\r\n\t\t\t"name": "a",\r\n\t\t\t"inputs": {}\r\n\t\t}\r\n\t]\r\n}\r\n';
    const recorded = recordExpected(source, 0, [floats(1)]);
    assert.ok(
      recorded.includes(
        '\r\n\t\t\t"expected": {\r\n\t\t\t\t"p": [\r\n\t\t\t\t\t[1]\r\n\t\t\t\t]\r\n\t\t\t}\r\n\t\t}',
      ),
      recorded,
    );
    assert.doesNotMatch(recorded, /[^\r]\n/);
  });

  it('writes long rows eight values to a line', () => {
    const recorded = recordExpected(text, 0, [floats(...Array.from({ length: 20 }, (_, index) => index))]);
    assert.match(recorded, /\[\n {10}0, 1, 2, 3, 4, 5, 6, 7,\n/);
  });

  it('records what passes again, without any tolerance', () => {
    const values = [0.1, 1 / 3, 1e17, 16777217, 3.4e38, 1.4e-45, -0, NaN, Infinity, -Infinity, Math.PI];
    const outputs: Tensor[] = [
      label,
      floats(...values),
      { name: 'd', datatype: 'FP64', shape: [], data: Float64Array.of(0.1 + 0.2) },
      { name: 'h', datatype: 'FP16', shape: [3], data: Uint16Array.of(0x2e66, 0x7bff, 1) },
      { name: 'b', datatype: 'BF16', shape: [3], data: Uint16Array.of(0x3dcd, 0x7f7f, 1) },
      { name: 't', datatype: 'BOOL', shape: [2], data: Uint8Array.of(1, 0) },
      { name: 's', datatype: 'BYTES', shape: [1], data: ['a "text"\n'] },
      { name: 'none', datatype: 'FP32', shape: [0, 3], data: Float32Array.of() },
    ];
    const { samples, problems } = parseSamples(recordExpected(text, 0, outputs));
    assert.deepEqual(problems, []);
    assert.deepEqual(compare(samples[0]?.expected ?? {}, outputs, { rtol: 0, atol: 0 }), []);
  });
});

import assert from 'node:assert/strict';
import type { Datatype } from '../../../src/core/inference/tensor';
import type { Dimension, TensorSpec } from '../../../src/core/model/signature';
import { readRequest } from '../../../src/server/codec/codec';
import type { Protocol } from '../../../src/server/codec/codec';
import type { ModelService } from '../../../src/server/modelService';
import { docsPage } from '../../../src/server/routes/docsPage';
import { openApiOf } from '../../../src/server/routes/openApi';

type Body = { example?: unknown; examples?: Record<string, { value: unknown }> };
type Description = {
  paths: Record<string, { post?: { requestBody: { content: Record<string, Body> } } }>;
};

function spec(
  name: string,
  shape?: Dimension[],
  datatype: Datatype = 'FP32',
  columns?: string[],
): TensorSpec {
  return { name, datatype, type: datatype.toLowerCase(), shape, columns };
}

function modelWith(...inputs: TensorSpec[]): ModelService {
  return {
    name: 'm',
    version: '1',
    platform: 'p',
    signature: { inputs, outputs: [spec('y', [null])] },
    notReady: () => undefined,
    predict: () => Promise.reject(new Error('It is not asked to.')),
  };
}

/** All examples with the protocol that their address and media type have. */
function examplesOf(model: ModelService): { form: string; protocol: Protocol; body: string }[] {
  const { paths } = openApiOf(model, '1', false) as Description;
  return Object.entries(paths).flatMap(([path, { post }]) =>
    Object.entries(post?.requestBody.content ?? {}).flatMap(([type, { example, examples = {} }]) => {
      if (type === 'application/octet-stream') return [];
      const json = path === '/invocations' ? 'invocation' : path.endsWith('/infer') ? 'v2' : 'plain';
      const values = example === undefined ? [] : [[type, { value: example }] as const];
      return [...values, ...Object.entries(examples)].map(([form, { value }]) => ({
        form: `${path} ${form}`,
        protocol: type === 'text/csv' ? 'csv' : json,
        body: type === 'text/csv' ? (value as string) : JSON.stringify(value),
      }));
    }),
  );
}

const always = [
  '/predict application/json',
  '/v2/models/m/infer application/json',
  '/v1/models/m:predict inputs',
  '/invocations inputs',
];
const instances = ['/v1/models/m:predict instances', '/invocations instances'];
const table = ['/invocations dataframe_split', '/invocations dataframe_records', '/invocations text/csv'];

describe('examples in the description of the interface', () => {
  for (const [what, inputs, forms] of [
    ['a matrix', [spec('x', [null, 4])], [...instances, ...table]],
    ['a matrix with names', [spec('x', [null, 2], 'INT64', ['a b', 'c,"d"'])], [...instances, ...table]],
    ['a matrix with a name that is its own', [spec('x', [null, 2], 'FP32', ['x', 'y'])], instances],
    ['columns', [spec('a', ['n', 1], 'BOOL'), spec('b', ['n'], 'BYTES')], [...instances, ...table]],
    [
      'columns of words',
      [spec('a', ['n', 1], 'BYTES'), spec('b', ['n', 1], 'BYTES')],
      [...instances, ...table],
    ],
    ['columns of three rows', [spec('a', [3, 1]), spec('b', [null])], [...instances, ...table]],
    ['other numbers of rows', [spec('a', [3, 1]), spec('b', [2])], []],
    ['a batch of two', [spec('x', [2, 3, 2])], instances],
    ['pictures and words', [spec('x', [null, 2, 2, 1]), spec('y', [null], 'BYTES')], instances],
    ['any shape', [spec('x')], [...instances, ...table]],
    ['a scalar', [spec('x', []), spec('y', [null])], []],
    ['an input "inputs"', [spec('inputs', [null, 2])], [...instances, ...table]],
    ['inputs "inputs" and "x"', [spec('inputs', [null, 1]), spec('x', [null])], [...instances, ...table]],
    ['an input "instances"', [spec('instances', [null, 4])], ['/invocations instances', ...table]],
    [
      'very many columns',
      [spec('x', [null, 784])],
      [...instances, '/invocations dataframe_split', '/invocations text/csv'],
    ],
  ] as const) {
    it(`are accepted for ${what}`, () => {
      const model = modelWith(...inputs);
      const examples = examplesOf(model);
      for (const { form, protocol, body } of examples) {
        assert.doesNotThrow(
          () => readRequest(protocol, Buffer.from(body), model.signature),
          `${form}: ${body}`,
        );
      }
      assert.deepEqual(examples.map(({ form }) => form).sort(), [...always, ...forms].sort());
    });
  }

  it('name the column of a table where the rows alone would not fit', () => {
    for (const [input, required] of [
      [spec('x', [null]), true],
      [spec('x', [null, 1]), false],
    ] as const) {
      const model = modelWith(input);
      const body = Buffer.from(JSON.stringify({ dataframe_split: { columns: null, data: [[1]] } }));
      const read = () => readRequest('invocation', body, model.signature);
      if (required) assert.throws(read, /has shape \[1, 1\]/);
      else assert.doesNotThrow(read);
      const text = JSON.stringify(openApiOf(model, '1', false));
      assert.equal(text.includes('"columns":{"enum":[["x"]]}'), required);
      assert.equal(text.includes('"columns":{"enum":[["x"],null]}'), !required);
    }
  });

  it('take truth values for numbers in tables, as they are read, and in nothing else', () => {
    const model = modelWith(spec('x', [null, 1]));
    const readable = (protocol: 'invocation' | 'plain', body: object) => {
      try {
        readRequest(protocol, Buffer.from(JSON.stringify(body)), model.signature);
        return true;
      } catch {
        return false;
      }
    };
    const rows = { dataframe_records: [{ 0: true }] };
    assert.deepEqual(
      [readable('invocation', rows), readable('plain', { inputs: { x: [[true]] } })],
      [true, false],
    );
    const text = JSON.stringify(openApiOf(model, '1', false));
    const types = [...text.matchAll(/"type":(\["number"[^\]]*\])/g)].map(([, type]) => type);
    assert.deepEqual([...new Set(types)].sort(), ['["number","null","boolean"]', '["number","null"]']);
  });

  it('have flat data for infer, as its schema says', () => {
    const model = modelWith(spec('x', [null, 2, 3]), spec('y', []));
    const body = examplesOf(model).find(({ protocol }) => protocol === 'v2')?.body ?? '';
    const { inputs } = JSON.parse(body) as { inputs: { data: unknown[] }[] };
    assert.deepEqual(
      inputs.map(({ data }) => data.map((value) => typeof value)),
      [Array(6).fill('number'), ['number']],
    );
  });

  it('are left out where they would be too long', () => {
    for (const inputs of [
      [spec('film', [null, 25, 3, 224, 224])],
      [spec('a', [1000]), spec('b', [100_000])],
    ]) {
      const model = modelWith(...inputs);
      const text = JSON.stringify(openApiOf(model, '1', false));
      assert.doesNotMatch(text, /"examples?":/);
      assert.ok(text.length < 20_000);
      assert.doesNotMatch(docsPage(model, { version: '1', token: false }), /curl/);
    }
    const page = docsPage(modelWith(spec('x', [null, 5000])), { version: '1', token: false });
    assert.doesNotMatch(page, /curl/);
  });
});

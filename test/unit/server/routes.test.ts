import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { inferBody, iris, startServer, stopServers } from './support/serverProcess';
import type { TestServer } from './support/serverProcess';

const flower = [5.1, 3.5, 1.4, 0.2];
const post = (body: unknown): RequestInit => ({ method: 'POST', body: JSON.stringify(body) });

describe('server routes', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer(iris, '--model-version', '3');
  });
  after(stopServers);

  it('describes itself and its model', async () => {
    const { text } = await server.fetch('/v2');
    assert.equal((JSON.parse(text) as { name: string }).name, 'slipway');
    const metadata = JSON.parse((await server.fetch('/v2/models/iris')).text) as Record<string, unknown>;
    assert.deepEqual(metadata, {
      name: 'iris',
      versions: ['3'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'measurements', datatype: 'FP32', shape: [-1, 4] }],
      outputs: [
        { name: 'label', datatype: 'INT64', shape: [-1] },
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 3] },
      ],
    });
  });

  it('is live and ready', async () => {
    for (const path of [
      '/livez',
      '/readyz',
      '/v2/health/live',
      '/v2/health/ready',
      '/v2/models/iris/versions/3/ready',
    ]) {
      assert.equal((await server.fetch(path)).status, 200, path);
    }
    assert.equal((await server.fetch('/readyz', { method: 'HEAD' })).status, 200);
    assert.equal((await server.fetch('/v2/models/iris/ready')).text, '{"name":"iris","ready":true}');
  });

  it('predicts by the Open Inference Protocol', async () => {
    const request = { id: 'a"1', ...inferBody('measurements', [2, 4], [flower, [7, 3.2, 6, 1.8]]) };
    const { status, body } = await server.infer(request);
    assert.equal(status, 200);
    const outputs = body['outputs'] as { name: string; datatype: string; shape: number[]; data: number[] }[];
    assert.equal(body['id'], 'a"1');
    assert.equal(body['model_version'], '3');
    assert.deepEqual(outputs[0], { name: 'label', datatype: 'INT64', shape: [2], data: [0, 2] });
    assert.deepEqual(outputs[1]?.shape, [2, 3]);
    assert.equal(outputs[1].data.length, 6);
  });

  it('takes flat data too, and gives only the outputs that are asked for', async () => {
    const { body } = await server.infer({
      ...inferBody('measurements', [1, 4], flower),
      outputs: [{ name: 'probabilities' }],
    });
    assert.deepEqual(
      (body['outputs'] as { name: string }[]).map(({ name }) => name),
      ['probabilities'],
    );
  });

  it('takes null for what is left out, and no outputs for all', async () => {
    const { inputs } = inferBody('measurements', [1, 4], flower);
    const nulls = {
      id: null,
      parameters: null,
      outputs: null,
      inputs: [{ ...inputs[0], parameters: null }],
    };
    for (const request of [nulls, { inputs, outputs: [] }, { inputs, parameters: { timeout: null } }]) {
      const { status, body } = await server.infer(request);
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal((body['outputs'] as object[]).length, 2);
    }
    const output = { name: 'label', parameters: null };
    assert.equal((await server.infer({ inputs, outputs: [output] })).status, 200);
  });

  it('answers with an id: that of the request, of its header, or another one each time', async () => {
    const { inputs } = inferBody('measurements', [1, 4], flower);
    const idOf = async (request: object, headers = {}) => {
      const init = { ...post({ inputs, ...request }), headers };
      return (JSON.parse((await server.fetch('/v2/models/iris/infer', init)).text) as { id: string }).id;
    };
    const header = { 'X-Request-Id': 'from the header' };
    assert.equal(await idOf({ id: 'own' }, header), 'own');
    assert.equal(await idOf({ id: '' }, header), '');
    assert.equal(await idOf({}, header), 'from the header');
    const [one, two] = [await idOf({}), await idOf({ id: null })];
    assert.match(one, /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    assert.notEqual(one, two);
  });

  for (const [form, body] of Object.entries({
    'inputs by name': { inputs: { measurements: [flower] } },
    'the inputs themselves': { measurements: [flower] },
    'the only input': { inputs: [flower] },
    'one row': { inputs: flower },
    'a bare array': [flower],
  })) {
    it(`predicts plainly: ${form}`, async () => {
      const { status, text } = await server.fetch('/predict', post(body));
      assert.equal(status, 200, text);
      const { outputs } = JSON.parse(text) as { outputs: { label: number[]; probabilities: number[][] } };
      assert.deepEqual(outputs.label, [0]);
      assert.equal(outputs.probabilities[0]?.length, 3);
    });
  }

  it('predicts instances, one answer a row', async () => {
    for (const instances of [
      [flower, flower],
      [{ measurements: flower }, { measurements: flower }],
    ]) {
      const { text } = await server.fetch('/predict', post({ instances }));
      const { predictions } = JSON.parse(text) as { predictions: { label: number }[] };
      assert.deepEqual(
        predictions.map(({ label }) => label),
        [0, 0],
      );
    }
  });

  const refused: [what: string, body: unknown, status: number, words: RegExp][] = [
    ['no JSON', '{"inputs": [', 400, /not valid JSON/],
    ['an empty body', '', 400, /body is empty/],
    ['no inputs', {}, 400, /"inputs"/],
    ['a null input', { inputs: [null] }, 400, /Each of "inputs"/],
    [
      'a wrong name',
      inferBody('X', [1, 4], flower),
      400,
      /no input "X".*"measurements" \(float32 \[-1, 4\]\)/,
    ],
    [
      'a wrong datatype',
      inferBody('measurements', [1, 4], flower, 'INT64'),
      400,
      /"measurements".*INT64.*FP32/,
    ],
    [
      'a wrong shape',
      inferBody('measurements', [1, 3], [1, 2, 3]),
      400,
      /"measurements".*\[1, 3\].*\[-1, 4\]/,
    ],
    ['a negative shape', inferBody('measurements', [-1, 4], flower), 400, /"measurements".*"shape"/],
    ['too few values', inferBody('measurements', [2, 4], flower), 400, /"measurements": expected 8 values/],
    [
      'a huge shape with few values',
      inferBody('measurements', [2 ** 40, 4], flower),
      400,
      /expected \d+ values/,
    ],
    ['ragged rows', inferBody('measurements', [2, 4], [flower, [1, 2]]), 400, /expected 4 values at \[1\]/],
    ['a word among the numbers', inferBody('measurements', [1, 4], [1, 'x', 3, 4]), 400, /"x" at \[1\]/],
    [
      'a truth among the numbers',
      inferBody('measurements', [1, 4], [[1, true, 3, 4]]),
      400,
      /true at \[0\]\[1\]/,
    ],
    ['a number beyond FP32', inferBody('measurements', [1, 4], [1e300, 1, 1, 1]), 400, /1e\+300 at \[0\]/],
    [
      'the same input twice',
      {
        inputs: [
          ...inferBody('measurements', [1, 4], flower).inputs,
          ...inferBody('measurements', [1, 4], flower).inputs,
        ],
      },
      400,
      /twice/,
    ],
    [
      'an output that is not there',
      { ...inferBody('measurements', [1, 4], flower), outputs: [{ name: 'y' }] },
      400,
      /no output "y"/,
    ],
    [
      'parameters that are none',
      { ...inferBody('measurements', [1, 4], flower), parameters: ['binary_data_output'] },
      400,
      /"parameters" must be an object/,
    ],
    [
      'a word for whether outputs are binary',
      { ...inferBody('measurements', [1, 4], flower), parameters: { binary_data_output: 'true' } },
      400,
      /"binary_data_output" must be true or false/,
    ],
    [
      'a number for whether an output is binary',
      {
        ...inferBody('measurements', [1, 4], flower),
        outputs: [{ name: 'label', parameters: { binary_data: 1 } }],
      },
      400,
      /"binary_data" must be true or false/,
    ],
    ['10^6 nested brackets', '['.repeat(1e6) + ']'.repeat(1e6), 400, /"inputs"/],
    [
      'nested brackets as data',
      `{"inputs":[{"name":"measurements","shape":[1,4],"datatype":"FP32","data":${'['.repeat(1e5)}${']'.repeat(1e5)}}]}`,
      400,
      /expected 4 values/,
    ],
  ];
  for (const [what, body, expected, words] of refused) {
    it(`refuses ${what}`, async () => {
      const { status, body: answer } = await server.infer(body);
      assert.equal(status, expected);
      assert.deepEqual(Object.keys(answer), ['error']);
      assert.match(answer['error'] as string, words);
    });
  }

  it('refuses plain requests that do not fit', async () => {
    for (const [body, words] of [
      [{ inputs: { nix: [1] } }, /no input "nix"/],
      [{ inputs: {} }, /"measurements" is missing/],
      [{ instances: [] }, /at least one row/],
      [{ inputs: [[1, 2]] }, /\[1, 2\].*\[-1, 4\]/],
      ['['.repeat(1e5) + ']'.repeat(1e5), /nested more than/],
    ] as const) {
      const { status, text } = await server.fetch(
        '/predict',
        typeof body === 'string' ? { method: 'POST', body } : post(body),
      );
      assert.equal(status, 400);
      assert.match((JSON.parse(text) as { error: string }).error, words);
    }
  });

  it('does not take an empty array for a row', async () => {
    const empty = await server.fetch('/predict', post({ inputs: [] }));
    assert.equal(empty.status, 400);
    assert.match(empty.text, /"measurements\\" is an empty array, which does not say its shape/);
    const free = await startServer('test/unit/server/models/centred.onnx', '--name', 'free');
    for (const inputs of [[], { x: [] }])
      assert.equal((await free.fetch('/predict', post({ inputs }))).status, 400);
    const picky = await startServer('test/unit/server/models/picky.onnx');
    assert.equal((await picky.fetch('/predict', post({ inputs: [] }))).text, '{"outputs":{"found":[]}}');
  });

  it('says what an address with a verb takes, and not what the model without it does', async () => {
    for (const [path, methods] of [
      ['/v1/models/iris:predict', 'POST'],
      ['/v1/models/iris', 'GET, HEAD'],
    ] as const) {
      const { status, headers } = await server.fetch(path, { method: 'DELETE' });
      assert.equal(status, 405);
      assert.equal(headers.get('allow'), methods);
    }
  });

  it('says what there is not', async () => {
    for (const [path, init, status] of [
      ['/nix', {}, 404],
      ['/v2/models/other', {}, 404],
      ['/v2/models/iris/versions/4/ready', {}, 404],
      ['/v2/models/%E0%A4%A', {}, 400],
      ['/predict', {}, 405],
      ['/v2', { method: 'DELETE' }, 405],
    ] as const) {
      const reply = await server.fetch(path, init);
      assert.equal(reply.status, status, path);
      assert.equal(typeof (JSON.parse(reply.text) as { error: unknown }).error, 'string');
    }
    assert.equal((await server.fetch('/predict')).headers.get('allow'), 'POST');
  });

  it('answers short requests while it reads and writes a long one', async () => {
    const rows = 300_000;
    const body = JSON.stringify(inferBody('measurements', [rows, 4], Array(rows).fill(flower)));
    const started = performance.now();
    let longest = 0;
    let done = false;
    // Taken apart only when nothing is measured any more: this process must not be the one that is busy.
    const long = fetch(`${server.url}/v2/models/iris/infer`, { method: 'POST', body })
      .then((response) => response.arrayBuffer())
      .finally(() => (done = true));
    while (!done) {
      const asked = performance.now();
      await server.fetch('/livez');
      longest = Math.max(longest, performance.now() - asked);
    }
    const whole = performance.now() - started;
    const { outputs } = JSON.parse(Buffer.from(await long).toString()) as { outputs: { data: number[] }[] };
    const [label, probabilities] = outputs;
    assert.ok(label?.data.length === rows && label.data.every((value) => value === 0));
    assert.equal(probabilities?.data.length, rows * 3);
    assert.ok(longest < whole / 4, `a short request took ${longest} ms of ${whole} ms`);
  });

  it('says what is wrong with a long request too', async () => {
    const rows = 30_000;
    const { status, body } = await server.infer(
      inferBody(
        'measurements',
        [rows, 4],
        Array.from({ length: rows }, (_, i) => (i < rows - 1 ? flower : 1)),
      ),
    );
    assert.equal(status, 400);
    assert.match(body['error'] as string, /expected an array of 4 values at \[29999\], got 1/);
  });

  it('counts every request in metrics that promtool has nothing to say about', async () => {
    const count = (text: string, series: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(series))
          ?.split(' ')
          .at(-1) ?? 0,
      );
    const before = (await server.fetch('/metrics')).text;
    await server.infer(inferBody('measurements', [1, 4], flower));
    await server.infer(inferBody('measurements', [1, 3], flower));
    await server.fetch('/nix');
    const after = (await server.fetch('/metrics')).text;
    for (const series of [
      'slipway_requests_total{route="infer",status="200"}',
      'slipway_requests_total{route="infer",status="400"}',
      'slipway_requests_total{route="other",status="404"}',
      'slipway_phase_duration_seconds_count{phase="predict"}',
      'slipway_phase_duration_seconds_count{phase="queue"}',
      'slipway_phase_duration_seconds_count{phase="preprocess"}',
      'slipway_phase_duration_seconds_count{phase="postprocess"}',
      'slipway_values_count{role="input",tensor="measurements",feature="2"}',
      'slipway_labels_total{role="output",tensor="label",value="0"}',
      'slipway_batch_rows_count',
    ]) {
      assert.equal(count(after, series) - count(before, series), 1, series);
    }
    // The one that is in flight is the one that asks.
    assert.equal(count(after, 'slipway_requests_in_flight'), 1);
    assert.equal(
      count(after, 'slipway_model_info{model="iris",version="3",platform="onnxruntime_onnx",hash=""}'),
      1,
    );
    for (const series of [
      'slipway_worker_memory_bytes',
      'process_resident_memory_bytes',
      'process_cpu_seconds_total',
    ]) {
      assert.ok(count(after, series) > 0, series);
    }
    try {
      assert.equal(
        execFileSync('promtool', ['check', 'metrics'], { input: after, encoding: 'utf8', stdio: 'pipe' }),
        '',
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  });
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { inferBody, iris, startServer, startServerOn, stopServers } from './support/serverProcess';
import type { TestServer } from './support/serverProcess';

const flower = [5.1, 3.5, 1.4, 0.2];
const rows = [flower, [7, 3.2, 6, 1.8]];
const echo = 'test/unit/server/models/echo.onnx';

/** A request of the binary extension: JSON, and the bytes of tensors behind it. */
function binary(json: object, ...tensors: Uint8Array[]): RequestInit {
  const head = Buffer.from(JSON.stringify(json));
  return {
    method: 'POST',
    headers: {
      'Content-Type': 'application/octet-stream',
      'Inference-Header-Content-Length': String(head.length),
    },
    body: Buffer.concat([head, ...tensors]),
  };
}

function bytesOf(values: number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

function binaryInput(values: number[][], size = values.flat().length * 4) {
  const shape = [values.length, 4];
  return { name: 'measurements', datatype: 'FP32', shape, parameters: { binary_data_size: size } };
}

describe('the binary tensor extension', () => {
  let server: TestServer;
  const infer = async (init: RequestInit) => {
    const response = await fetch(`${server.url}/v2/models/iris/infer`, init);
    const body = Buffer.from(await response.arrayBuffer());
    const head = Number(response.headers.get('inference-header-content-length') ?? body.length);
    const json = JSON.parse(body.subarray(0, head).toString()) as {
      error: string;
      outputs: { name: string; data?: number[]; parameters?: { binary_data_size: number } }[];
    };
    return {
      status: response.status,
      json,
      tail: body.subarray(head),
      type: response.headers.get('content-type'),
    };
  };
  before(async () => {
    server = await startServer(iris);
  });
  after(stopServers);

  it('is announced', async () => {
    assert.match((await server.fetch('/v2')).text, /"extensions":\["binary_tensor_data"\]/);
  });

  it('takes inputs as bytes, at any place in memory, and answers in JSON', async () => {
    for (const id of ['', 'x', 'xy', 'xyz']) {
      const { status, json } = await infer(binary({ id, inputs: [binaryInput(rows)] }, bytesOf(rows.flat())));
      assert.equal(status, 200);
      assert.deepEqual(json.outputs[0]?.data, [0, 2]);
    }
  });

  it('gives outputs as bytes where that is asked for, mixed with JSON', async () => {
    const plain = await server.infer(inferBody('measurements', [2, 4], rows));
    const outputs = [{ name: 'probabilities', parameters: { binary_data: true } }, { name: 'label' }];
    const body = JSON.stringify({ ...inferBody('measurements', [2, 4], rows), outputs });
    const { json, tail, type } = await infer({ method: 'POST', body });
    assert.equal(type, 'application/octet-stream');
    assert.deepEqual(json.outputs[0]?.parameters, { binary_data_size: 24 });
    assert.deepEqual(json.outputs[1]?.data, [0, 2]);
    const floats = new Float32Array(new Uint8Array(tail).buffer);
    const expected = (plain.body['outputs'] as { data: number[] }[])[1]?.data ?? [];
    assert.deepEqual([...floats], [...Float32Array.from(expected)]);
  });

  it('gives all outputs as bytes in the order of the JSON, but for one that says otherwise', async () => {
    const request = {
      ...inferBody('measurements', [1, 4], flower),
      parameters: { binary_data_output: true },
    };
    const all = await infer({ method: 'POST', body: JSON.stringify(request) });
    assert.deepEqual(
      all.json.outputs.map(({ parameters }) => parameters?.binary_data_size),
      [8, 12],
    );
    assert.equal(all.tail.readBigInt64LE(0), 0n);
    assert.equal(all.tail.length, 20);
    const outputs = [{ name: 'label', parameters: { binary_data: false } }];
    const one = await infer({ method: 'POST', body: JSON.stringify({ ...request, outputs }) });
    assert.deepEqual(one.json.outputs[0]?.data, [0]);
  });

  it('refuses lengths that lie, in words', async () => {
    const bytes = bytesOf(flower);
    for (const [init, words] of [
      [binary({ inputs: [binaryInput([flower], 12)] }, bytes), /expected 16 bytes of FP32, got 12/],
      [binary({ inputs: [binaryInput([flower], 160)] }, bytes), /has 160 bytes, and only 16 are left/],
      [binary({ inputs: [binaryInput([flower], -4)] }, bytes), /whole number/],
      [binary({ inputs: [binaryInput([flower])] }, bytes, bytes), /16 bytes of the body belong to no input/],
      [
        { ...binary({ inputs: [] }), headers: { 'Inference-Header-Content-Length': '100' } },
        /13 bytes, less than the 100/,
      ],
      [
        { ...binary({ inputs: [] }), headers: { 'Inference-Header-Content-Length': 'x' } },
        /must be a whole number/,
      ],
    ] as const) {
      const { status, json } = await infer(init);
      assert.equal(status, 400);
      assert.match(json.error, words);
    }
  });
});

describe('protocols of platforms', () => {
  let server: TestServer;
  const post = async (path: string, body: string, type = 'application/json', headers = {}) => {
    const { status, text } = await server.fetch(path, {
      method: 'POST',
      body,
      headers: { ...(type && { 'Content-Type': type }), ...headers },
    });
    return { status, body: JSON.parse(text) as { predictions: { label: number }[]; error: string } };
  };
  before(async () => {
    server = await startServer(iris);
  });
  after(stopServers);

  it('predict with what MLflow sends', async () => {
    const columns = ['a', 'b', 'c', 'd'];
    for (const body of [
      { dataframe_split: { columns, data: rows } },
      { dataframe_split: { data: rows } },
      {
        dataframe_records: rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]]))),
      },
      { instances: rows },
      { inputs: rows },
      { inputs: { measurements: rows }, params: { quick: true } },
    ]) {
      const reply = await post('/invocations', JSON.stringify(body));
      assert.deepEqual(
        reply.body.predictions?.map(({ label }) => label),
        [0, 2],
        JSON.stringify(reply.body),
      );
    }
  });

  it('predict tables whose columns are numbered', async () => {
    const body = JSON.stringify({ dataframe_split: { columns: [0, 1, 2, 3], index: [0, 1], data: rows } });
    const reply = await post('/invocations', body);
    assert.deepEqual(
      reply.body.predictions?.map(({ label }) => label),
      [0, 2],
      JSON.stringify(reply.body),
    );
    const named = { dataframe_split: { columns: [0, true, 2, 3], data: rows } };
    assert.match((await post('/invocations', JSON.stringify(named))).body.error, /array of names/);
  });

  it('take null for what is left out', async () => {
    const nulls = { dataframe_split: null, dataframe_records: null, inputs: null, instances: rows };
    for (const path of ['/invocations', '/predict']) {
      const { status, body } = await post(path, JSON.stringify(nulls));
      assert.equal(status, 200, JSON.stringify(body));
    }
  });

  it('tell names of columns from rows in CSV', async () => {
    const [one, two] = rows.map((row) => row.join(',')) as [string, string];
    for (const [header, type, predictions] of [
      ['0,1,2,3', 'text/csv', [0, 2]],
      ['a,b,,d', 'text/csv', [0, 2]],
      ['6.3,3.3,6,2.5', 'text/csv', [2, 0, 2]],
      ['nan,inf,6,2.5', 'text/csv', undefined],
      ['6.3,3.3,6,2.5', 'text/csv; charset=utf-8; header=present', [0, 2]],
      ['0,1,2,3', 'text/csv;header="absent"', undefined],
    ] as const) {
      const reply = await post('/invocations', [header, one, two].join('\n'), type);
      const labels = reply.body.predictions?.map(({ label }) => label);
      assert.ok(labels, JSON.stringify(reply.body));
      assert.deepEqual(predictions ? labels : labels.length, predictions ?? 3, `${header} ${type}`);
    }
    for (const [line, words] of [
      ['5.1,x,1.4,0.2', /"x" at \[0\]\[1\] is no FP32 value/],
      ['5.1,0x10,1.4,0.2', /"0x10" at \[0\]\[1\]/],
      ['5.1,1e999,1.4,0.2', /"1e999" at \[0\]\[1\]/],
      ['1,2,3', /has shape \[1, 3\]/],
    ] as const) {
      assert.match((await post('/invocations', line, 'text/csv')).body.error, words);
    }
  });

  it('predict with CSV, with and without names', async () => {
    const lines = rows.map((row) => row.join(','));
    for (const body of [lines.join('\n'), ['a,b,c,d', ...lines].join('\r\n')]) {
      const reply = await post('/invocations', body, 'text/csv');
      assert.deepEqual(
        reply.body.predictions.map(({ label }) => label),
        [0, 2],
      );
    }
    assert.match((await post('/invocations', '1,2\n3', 'text/csv')).body.error, /CSV/);
  });

  it('refuse what MLflow would not send', async () => {
    assert.equal((await post('/invocations', '[[1,2,3,4]]')).status, 400);
    assert.equal((await post('/invocations', '{"inputs":[[1,2,3,4]],"instances":[]}')).status, 400);
    assert.equal((await post('/invocations', '{}', 'text/plain')).status, 415);
    assert.equal((await post('/invocations', '{}', '')).status, 415);
  });

  it('predict as TensorFlow Serving does, and say how the model is', async () => {
    const { body } = await post('/v1/models/iris:predict', JSON.stringify({ instances: rows }));
    assert.deepEqual(
      body.predictions.map(({ label }) => label),
      [0, 2],
    );
    assert.equal((await post('/v1/models/other:predict', '{}')).status, 404);
    const status = JSON.parse((await server.fetch('/v1/models/iris')).text) as { ready: boolean };
    assert.equal(status.ready, true);
    assert.match(JSON.stringify(status), /"state":"AVAILABLE"/);
  });

  it('ask for health in their ways', async () => {
    for (const path of ['/ping', '/health']) assert.equal((await server.fetch(path)).status, 200);
    assert.match((await server.fetch('/version')).text, /^\d+\.\d+\.\d+$/);
  });

  it('get back the id of their request', async () => {
    const { headers } = await server.fetch('/v2/health/live', { headers: { 'X-Request-Id': 'abc' } });
    assert.equal(headers.get('x-request-id'), 'abc');
  });

  it('send and get bodies that are packed', async () => {
    const body = JSON.stringify({ instances: Array.from({ length: 100 }, () => flower) });
    const response = await fetch(`${server.url}/predict`, {
      method: 'POST',
      body: gzipSync(body),
      headers: { 'Content-Encoding': 'gzip', 'Accept-Encoding': 'gzip' },
    });
    assert.equal(response.headers.get('content-encoding'), 'gzip');
    const { predictions } = (await response.json()) as { predictions: object[] };
    assert.equal(predictions.length, 100);
    const plain = await server.fetch('/predict', {
      method: 'POST',
      body,
      headers: { 'Accept-Encoding': 'gzip;q=0' },
    });
    assert.equal(plain.headers.get('content-encoding'), null);
    assert.equal(gunzipSync(gzipSync(plain.text)).toString(), plain.text);
  });

  it('are refused with bodies that are not what they say, or would fill the memory', async () => {
    const send = (body: Buffer, encoding: string) =>
      server.fetch('/predict', {
        method: 'POST',
        body: new Uint8Array(body),
        headers: { 'Content-Encoding': encoding },
      });
    assert.equal((await send(Buffer.from('plain'), 'gzip')).status, 400);
    assert.equal((await send(Buffer.from('plain'), 'br')).status, 415);
    assert.equal((await send(gzipSync(Buffer.alloc(65 * 2 ** 20)), 'gzip')).status, 413);
  });
});

describe('cells of CSV', () => {
  after(stopServers);

  it('are what pandas reads from them, without loss', async () => {
    const server = await startServer(echo);
    const cells = {
      STRING: ['02134', '', 'NA', '1e3', 'true'],
      INT64: ['9007199254740993', '-9223372036854775808', '+5', '0', '7.0'],
      UINT64: ['18446744073709551615', '0', '1', '2', '3'],
      BOOL: ['true', 'False', '1', '0', 'TRUE'],
      DOUBLE: ['', 'nan', '-inf', 'Infinity', '.5'],
      FLOAT: ['NA', 'null', '+inf', '1e3', '-1.'],
      FLOAT16: ['NaN', '1', '2', '3', '4'],
    };
    const given = new Map<string, string[]>(Object.entries(cells));
    const names = ['UINT8', 'UINT16', 'UINT32', 'INT8', 'INT16', 'INT32', ...given.keys()];
    const lines = [0, 1, 2, 3, 4].map((row) => names.map((name) => given.get(name)?.[row] ?? row).join(','));
    const body = [names.map((name) => `${name}_in`).join(','), ...lines].join('\n');
    const headers = { 'Content-Type': 'text/csv' };
    const { text } = await server.fetch('/invocations', { method: 'POST', body, headers });
    const values = (name: string) =>
      Array.from(text.matchAll(new RegExp(`"${name}_out":\\[(.*?)\\]`, 'g')), ([, value]) => value);
    assert.deepEqual(values('STRING'), ['"02134"', '""', '"NA"', '"1e3"', '"true"'], text);
    assert.deepEqual(values('INT64'), ['9007199254740993', '-9223372036854775808', '5', '0', '7']);
    assert.deepEqual(values('UINT64'), ['18446744073709551615', '0', '1', '2', '3']);
    assert.deepEqual(values('BOOL'), ['true', 'false', 'true', 'false', 'true']);
    assert.deepEqual(values('DOUBLE'), ['"NaN"', '"NaN"', '"-Infinity"', '"Infinity"', '0.5']);
    assert.deepEqual(values('FLOAT'), ['"NaN"', '"NaN"', '"Infinity"', '1000', '-1']);
    assert.deepEqual(values('FLOAT16'), ['"NaN"', '1', '2', '3', '4']);
    for (const [name, cell, shown = `"${cell}"`] of [
      ['INT64', ''],
      ['INT64', '0x10'],
      ['INT64', '1.5', '1.5'],
      ['UINT8', 'nan'],
      ['BOOL', 'yes'],
    ] as const) {
      const line = names.map((one) => (one === name ? cell : (given.get(one)?.[2] ?? 1))).join(',');
      const bad = [body.split('\n')[0], line].join('\n');
      const reply = await server.fetch('/invocations', { method: 'POST', body: bad, headers });
      assert.equal(reply.status, 400, `${name} ${cell}`);
      const { error } = JSON.parse(reply.text) as { error: string };
      assert.ok(error.includes(`${shown} at [0]`), error);
    }
  });
});

describe('the description of the interface', () => {
  after(stopServers);

  const own = (name: string) => `test/unit/server/models/${name}.onnx`;
  for (const [model, name, forms] of [
    [iris, 'iris', ['instances', 'inputs', 'dataframe_split', 'dataframe_records', 'text/csv', 'binary']],
    [iris, '{a} {b}/c:d?e#f%20$&<g>', ['instances', 'dataframe_records', 'binary']],
    [echo, 'echo', ['instances', 'inputs', 'dataframe_split', 'dataframe_records', 'text/csv', 'binary']],
    [own('words'), 'words', ['instances', 'inputs', 'dataframe_records', 'text/csv', 'binary']],
    [own('centred'), 'centred', ['instances', 'dataframe_split', 'text/csv']],
    [own('hungry'), 'hungry', ['instances', 'inputs', 'dataframe_split', 'text/csv']],
    [own('scalar'), 'scalar', ['inputs', 'binary']],
  ] as const) {
    it(`of ${name} has examples that work`, async () => {
      const server = await startServer(model, '--name', name);
      const { paths, openapi } = JSON.parse((await server.fetch('/openapi.json')).text) as Description;
      assert.match(openapi, /^3\.1/);
      const tried: string[] = [];
      for (const [path, { post }] of Object.entries(paths)) {
        assert.doesNotMatch(path, /[{}?# ]/);
        const requests = post ? requestsOf(post.requestBody.content) : [{ form: path, init: {} }];
        for (const { form, init } of requests) {
          const reply = await server.fetch(path, init);
          assert.equal(reply.status, 200, `${path}, ${form}: ${reply.text}`);
          tried.push(form);
        }
      }
      assert.ok(tried.length >= 10);
      const title = name.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
      assert.ok((await server.fetch('/docs')).text.includes(`<h1>${title} `));
      assert.deepEqual(
        forms.filter((form) => !tried.includes(form)),
        [],
      );
    });
  }

  it('of a scalar has no forms with rows', async () => {
    const server = await startServer(own('scalar'));
    const { paths } = JSON.parse((await server.fetch('/openapi.json')).text) as Description;
    const content = paths['/invocations']?.post?.requestBody.content;
    assert.deepEqual(Object.keys(content ?? {}), ['application/json']);
    assert.deepEqual(Object.keys(content?.['application/json']?.examples ?? {}), ['inputs']);
  });

  it('is a page for people too, with a command that works as it stands', async () => {
    for (const token of ['', 'secret']) {
      const environment = { SLIPWAY_TOKEN: token };
      const server = await startServerOn({ environment }, iris, '--name', '{a}/b');
      const headers = { Authorization: `Bearer ${token}` };
      const page = (await server.fetch('/docs', { headers })).text;
      assert.match(page, /<h1>\{a\}\/b /);
      assert.match(page, /\/v2\/models\/%7Ba%7D%2Fb\/infer/);
      const command = /<pre>(.*)<\/pre>/.exec(page)?.[1] ?? '';
      const written = command.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
      const { stdout } = await promisify(execFile)('sh', ['-c', `${written} -sS`], {
        env: { ...process.env, ...environment },
      });
      assert.deepEqual((JSON.parse(stdout) as { outputs: { label: number[] } }).outputs.label, [0]);
    }
  });

  interface Description {
    openapi: string;
    paths: Record<string, { post?: { requestBody: { content: Record<string, Examples> } } }>;
  }
  interface Examples {
    example?: unknown;
    examples?: Record<string, { summary?: string; value: unknown }>;
  }

  /** A request for each example, as a person who reads them would send it. */
  function requestsOf(content: Record<string, Examples>): { form: string; init: RequestInit }[] {
    return Object.entries(content).flatMap(([type, { example, examples }]) => {
      assert.ok(example ?? examples, type);
      return Object.entries(examples ?? { [type]: { value: example, summary: undefined } }).map(
        ([form, { value, summary }]) => {
          const body = type === 'application/json' ? JSON.stringify(value) : (value as string);
          const [, header, length] = /^With the header (.+): (\d+)$/.exec(summary ?? '') ?? [];
          const headers = { 'Content-Type': type, ...(header && length && { [header]: length }) };
          return { form, init: { method: 'POST', body, headers } };
        },
      );
    });
  }
});

describe('the bounds in the description of the interface', () => {
  after(stopServers);

  it('are those of the server', async () => {
    const server = await startServer(echo);
    const { text } = await server.fetch('/openapi.json');
    const example = { ...exampleInputs(text) };
    const status = async (name: string, value: string) => {
      const inputs = Object.entries(example).map(([input, data]) =>
        input === name ? `"${input}":[[${value}]]` : `"${input}":${JSON.stringify(data)}`,
      );
      const body = `{"inputs":{${inputs.join(',')}}}`;
      return (await server.fetch('/predict', { method: 'POST', body })).status;
    };
    for (const [name, least, belowLeast, greatest, aboveGreatest] of [
      ['INT8_in', '-128', '-129', '127', '128'],
      ['UINT32_in', '0', '-1', '4294967295', '4294967296'],
      [
        'INT64_in',
        '-9223372036854775808',
        '-9223372036854775809',
        '9223372036854775807',
        '9223372036854775808',
      ],
      ['UINT64_in', '0', '-1', '18446744073709551615', '18446744073709551616'],
      ['FLOAT16_in', '-65519.99804687499', '-65520', '65519.99804687499', '65519.998046875'],
      [
        'FLOAT_in',
        '-3.4028235677973362e+38',
        '-3.4028235677973366e+38',
        '3.4028235677973362e+38',
        '3.4028235677973366e+38',
      ],
    ] as const) {
      const schema = new RegExp(`"${name}":\\{"type":"array","items":.*?"minimum":(.*?),"maximum":(.*?)\\}`);
      const [, minimum, maximum] = schema.exec(text) ?? [];
      assert.deepEqual([minimum, maximum], [least, greatest], name);
      assert.equal(await status(name, least), 200, `${name} ${least}`);
      assert.equal(await status(name, greatest), 200, `${name} ${greatest}`);
      assert.equal(await status(name, belowLeast), 400, `${name} ${belowLeast}`);
      assert.equal(await status(name, aboveGreatest), 400, `${name} ${aboveGreatest}`);
    }
  });

  it('are those of the strings of ONNX', async () => {
    const server = await startServer(echo);
    const { text } = await server.fetch('/openapi.json');
    const pattern = /"STRING_in":\{.*?"pattern":(".*?")\}/.exec(text)?.[1] ?? '""';
    for (const [word, status] of [
      ['a\nb', 200],
      ['a\0b', 400],
    ] as const) {
      const inputs = { ...exampleInputs(text), STRING_in: [[word]] };
      const reply = await server.fetch('/predict', { method: 'POST', body: JSON.stringify({ inputs }) });
      assert.equal(reply.status, status, reply.text);
      assert.equal(new RegExp(JSON.parse(pattern) as string).test(word), status === 200);
    }
  });

  it('allow as many rows as anyone likes, and 0 and 1 for BOOL', async () => {
    const server = await startServer(echo);
    const { text } = await server.fetch('/openapi.json');
    const schema = /"BOOL_in":(\{"type":"array","items":\{.*?\}.*?\}),"UINT8_in"/.exec(text)?.[1] ?? '{}';
    assert.deepEqual(JSON.parse(schema), {
      type: 'array',
      items: { type: 'array', items: { enum: [true, false, 0, 1] }, minItems: 1, maxItems: 1 },
      minItems: 1,
    });
    const inputs = { ...exampleInputs(text), BOOL_in: [[1], [0], [true]] };
    const { status } = await server.fetch('/predict', { method: 'POST', body: JSON.stringify({ inputs }) });
    assert.equal(status, 200);
  });

  function exampleInputs(text: string): Record<string, unknown> {
    const { paths } = JSON.parse(text) as {
      paths: Record<
        string,
        { post: { requestBody: { content: Record<string, { example: { inputs: object } }> } } }
      >;
    };
    const example = paths['/predict']?.post.requestBody.content['application/json']?.example;
    return { ...example?.inputs };
  }
});

describe('who may ask', () => {
  after(stopServers);

  it('is who has the token; health is told to all', async () => {
    const server = await startServerOn({ environment: { SLIPWAY_TOKEN: 'secret' } }, iris);
    const body = JSON.stringify([flower]);
    const ask = (headers: Record<string, string>) =>
      server.fetch('/predict', { method: 'POST', body, headers });
    assert.equal((await ask({})).status, 401);
    assert.equal((await ask({ Authorization: 'Bearer wrong' })).status, 401);
    assert.equal((await ask({ Authorization: 'Bearer secret' })).status, 200);
    assert.equal((await server.fetch('/metrics')).status, 401);
    assert.equal((await server.fetch('/v2/health/ready')).status, 200);
    assert.doesNotMatch(server.log(), /secret/);
  });

  it('are pages of the origins that are named', async () => {
    const server = await startServer(iris, '--cors-origins', 'https://a.example, https://b.example');
    const ask = (origin: string) =>
      server.fetch('/predict', {
        method: 'OPTIONS',
        headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
      });
    const allowed = await ask('https://b.example');
    assert.equal(allowed.status, 204);
    assert.equal(allowed.headers.get('access-control-allow-origin'), 'https://b.example');
    const other = await ask('https://c.example');
    assert.equal(other.status, 405);
    assert.equal(other.headers.get('access-control-allow-origin'), null);
    const get = (path: string, headers: Record<string, string>) => server.fetch(path, { headers });
    const vary = async (path: string, headers: Record<string, string>) =>
      (await get(path, headers)).headers.get('vary');
    assert.equal(await vary('/livez', {}), 'Origin');
    const origin = { Origin: 'https://a.example' };
    assert.equal(await vary('/livez', origin), 'Origin');
    for (const encoding of ['gzip', 'identity'])
      assert.equal(
        await vary('/metrics', { ...origin, 'Accept-Encoding': encoding }),
        'Origin, Accept-Encoding',
      );
  });
});

describe('a client that does not wait for ever', () => {
  after(stopServers);

  it('is told when its time is over, and others are served', async () => {
    const server = await startServer('test/unit/server/models/patience.onnx', '--run-timeout-seconds', '20');
    const long = server.infer(inferBody('n', [1, 1], [5_000_000], 'INT64'));
    const started = performance.now();
    const reply = await server.infer({
      ...inferBody('n', [1, 1], [1], 'INT64'),
      parameters: { timeout: 200_000 },
    });
    assert.equal(reply.status, 504, JSON.stringify(reply.body));
    assert.match(String(reply.body['error']), /200 ms/);
    assert.ok(performance.now() - started < 2000);
    assert.ok([200, 504].includes((await long).status));
  });

  it('waits from when its request arrives', async () => {
    const server = await startServer(iris);
    const body = JSON.stringify({
      ...inferBody('measurements', [1, 4], flower),
      parameters: { timeout: 100_000 },
    });
    const sent = request(`${server.url}/v2/models/iris/infer`, { method: 'POST' });
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
    sent.write(body.slice(0, 10));
    await sleep(300);
    sent.end(body.slice(10));
    const [{ statusCode }] = await answered;
    assert.equal(statusCode, 504);
  });

  it('is told when its time is over while a long request is read', async () => {
    const server = await startServer(iris);
    const count = 200_000;
    const body = JSON.stringify(inferBody('measurements', [count, 4], Array(count).fill(flower)));
    const headers = { 'X-Envoy-Expected-Rq-Timeout-Ms': '1' };
    const reply = await server.fetch('/v2/models/iris/infer', { method: 'POST', body, headers });
    assert.equal(reply.status, 504, reply.text);
    assert.equal((await server.infer(body)).status, 200);
  });

  it('may wait as long as it likes, and so may the server', async () => {
    const server = await startServer(iris, '--run-timeout-seconds', '3000000');
    for (const timeout of [1e13, 2 ** 60, 0, null]) {
      const request = { ...inferBody('measurements', [1, 4], flower), parameters: { timeout } };
      const { status, body } = await server.infer(request);
      assert.equal(status, 200, `${timeout}: ${JSON.stringify(body)}`);
    }
    assert.equal((await server.infer(inferBody('measurements', [1, 4], flower))).status, 200);
  });

  it('says how long in a number', async () => {
    const server = await startServer(iris);
    const { inputs } = inferBody('measurements', [1, 4], flower);
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    for (const timeout of ['{"toString":1,"valueOf":2}', deep, '"1000"', 'true', '[5]']) {
      const { status, body } = await server.infer(
        `{"inputs":${JSON.stringify(inputs)},"parameters":{"timeout":${timeout}}}`,
      );
      assert.equal(status, 400, timeout.slice(0, 40));
      assert.match(String(body['error']), /"timeout" must be a number of microseconds/);
    }
    assert.doesNotMatch(server.log(), /TypeError|RangeError/);
  });
});

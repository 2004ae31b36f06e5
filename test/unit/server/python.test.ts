import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { assertAlike, madeIn, python, type Made } from './support/pythonModels';
import { startServer, startServerOn, stopServers, type TestServer } from './support/serverProcess';

describe('models of Python', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-python-'));
  let made: Made[];
  const serve = (file: string, ...args: string[]) =>
    startServer(join(folder, file), '--python', python, '--name', 'model', ...args);
  const predict = (server: TestServer, inputs: unknown) =>
    server.fetch('/predict', { method: 'POST', body: JSON.stringify({ inputs }) });

  before(function () {
    this.timeout(120_000);
    const scripts = 'test/fixtures/python';
    execFileSync(python, [`${scripts}/make_models.py`, folder, '--boosters'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    copyFileSync(`${scripts}/beside_module.py`, join(folder, 'beside_module.py'));
    made = madeIn(folder);
  });
  afterEach(stopServers);
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('of every kind and way of saving answer what they answer in Python, alone and together', async function () {
    this.timeout(180_000);
    assert.ok(made.length >= 24, String(made.length));
    for (const { file, inputs, expected } of made) {
      const server = await serve(file);
      const { status, text } = await predict(server, inputs);
      assert.equal(status, 200, `${file}: ${text}`);
      assertAlike((JSON.parse(text) as { outputs: object }).outputs, expected, file);
      const rows = Object.values(inputs)[0] as unknown[];
      const alone = await Promise.all(
        rows.map((_, at) =>
          predict(server, Object.fromEntries(Object.entries(inputs).map(([name, all]) => [name, [all[at]]]))),
        ),
      );
      alone.forEach(({ text: answer }, at) => {
        const { outputs } = JSON.parse(answer) as { outputs: Record<string, unknown[]> };
        for (const [name, values] of Object.entries(expected)) {
          assertAlike(outputs[name]?.[0], (values as unknown[])[at], `${file}[${at}]`);
        }
      });
      await server.stop();
    }
  });

  it('say what they take: names of columns, words, any number of rows', async () => {
    const server = await serve('columns.joblib');
    const metadata = JSON.parse((await server.fetch('/v2/models/model')).text) as {
      platform: string;
      inputs: object[];
    };
    assert.equal(metadata.platform, 'sklearn_pickle');
    assert.deepEqual(metadata.inputs, [
      { name: 'colour', datatype: 'BYTES', shape: [-1, 1] },
      { name: 'size', datatype: 'FP64', shape: [-1, 1] },
    ]);
    const body = JSON.stringify({ dataframe_split: { columns: ['size', 'colour'], data: [[0.1, 'red']] } });
    const reply = await server.fetch('/invocations', {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json' },
    });
    assert.match(reply.text, /"label":1/);
  });

  it('take the columns of a table by their names, in any order', async () => {
    const server = await serve('framed.joblib');
    const columns = ['petal width', 'petal length', 'sepal width', 'sepal length'];
    const ask = (names: string[]) =>
      server.fetch('/invocations', {
        method: 'POST',
        body: JSON.stringify({ dataframe_split: { columns: names, data: [[0.2, 1.4, 3.5, 5.1]] } }),
        headers: { 'Content-Type': 'application/json' },
      });
    assert.match((await ask(columns)).text, /"label":0/);
    const missing = await ask(['petal width', 'petal length', 'sepal width', 'width']);
    assert.equal(missing.status, 400);
    assert.match(missing.text, /misses the columns sepal length/);
  });

  it('go by the names and datatypes that somebody gives them', async () => {
    const column = (name: string) => ({ name, datatype: 'FP32', shape: ['batch'] });
    const columns = ['sepal length', 'sepal width', 'petal length', 'petal width'].map(column);
    const given = { inputs: columns, outputs: [{ name: 'species', datatype: 'INT32', shape: ['batch'] }] };
    const server = await serve('protocol-4.pkl', '--signature', JSON.stringify(given));
    const metadata = JSON.parse((await server.fetch('/v2/models/model')).text) as Record<string, unknown>;
    assert.deepEqual(
      metadata['inputs'],
      columns.map((input) => ({ ...input, shape: [-1] })),
    );
    const row = {
      'sepal length': [5.1, 6.3],
      'sepal width': [3.5, 3.3],
      'petal length': [1.4, 6],
      'petal width': [0.2, 2.5],
    };
    assert.equal((await predict(server, row)).text, '{"outputs":{"species":[0,2]}}');
    const three = JSON.stringify({ inputs: columns.slice(1) });
    await assert.rejects(
      serve('protocol-4.pkl', '--signature', three),
      /names 3 inputs, and the model takes 4/,
    );
    await assert.rejects(
      serve('protocol-4.pkl', '--signature', '[]'),
      /takes a JSON object with an array "inputs"/,
    );
  });

  it('that are scripts open what lies beside them, and may have their signature from outside', async () => {
    mkdirSync(join(folder, 'script'));
    writeFileSync(join(folder, 'script/factor.txt'), '3');
    writeFileSync(
      join(folder, 'script/predict.py'),
      'def load():\n    return float(open("factor.txt").read())\n\ndef predict(factor, inputs):\n    return inputs["x"] * factor\n',
    );
    await assert.rejects(serve('script/predict.py'), /no signature.*slipway\.json/);
    const tensor = (name: string) => ({ name, datatype: 'FP64', shape: ['batch'] });
    const given = JSON.stringify({ inputs: [tensor('x')], outputs: [tensor('y')] });
    const server = await serve('script/predict.py', '--signature', given);
    assert.equal((await predict(server, { x: [1, 2] })).text, '{"outputs":{"y":[3,6]}}');
  });

  it('that are scripts are given words, and bytes that are none, and give both back', async () => {
    const script = join(folder, 'bytes_and_words.py');
    writeFileSync(
      script,
      [
        'import numpy as np',
        'tensor = ("BYTES", ["batch"])',
        'signature = {"inputs": {"x": tensor}, "outputs": {"x": tensor, "kind": tensor, "fixed": tensor}}',
        'def predict(inputs):',
        '    kinds = [type(value).__name__ for value in inputs["x"]]',
        '    return {"x": inputs["x"], "kind": kinds, "fixed": np.array([b"abc"] * len(kinds))}',
      ].join('\n'),
    );
    const server = await startServer(script, '--python', python);
    const values = [Buffer.from('wörd'), Buffer.of(0xff, 0xd8, 0, 0xff)];
    const packed = Buffer.concat(values.flatMap((value) => [Buffer.of(value.length, 0, 0, 0), value]));
    const binary = (outputs: object[]) => {
      const input = {
        name: 'x',
        datatype: 'BYTES',
        shape: [2],
        parameters: { binary_data_size: packed.length },
      };
      const head = JSON.stringify({ inputs: [input], outputs });
      return fetch(`${server.url}/v2/models/bytes_and_words/infer`, {
        method: 'POST',
        headers: { 'Inference-Header-Content-Length': String(head.length) },
        body: Buffer.concat([Buffer.from(head), packed]),
      });
    };
    const words = [{ name: 'kind' }, { name: 'fixed' }];
    const answer = await binary([...words, { name: 'x', parameters: { binary_data: true } }]);
    const body = Buffer.from(await answer.arrayBuffer());
    const headBytes = Number(answer.headers.get('inference-header-content-length'));
    const { outputs } = JSON.parse(body.subarray(0, headBytes).toString()) as {
      outputs: { data: string[] }[];
    };
    assert.deepEqual(
      outputs.slice(0, 2).map(({ data }) => data),
      [
        ['str', 'bytes'],
        ['abc', 'abc'],
      ],
    );
    assert.deepEqual(body.subarray(headBytes), packed);
    const asText = await binary([{ name: 'x' }]);
    assert.equal(asText.status, 500);
    assert.match(
      await asText.text(),
      /Output \\"x\\" is no text: BYTES value 1 is no UTF-8\. Ask for it as binary data/,
    );
  });

  it('that say much when they fail are cut short', async () => {
    const script = join(folder, 'talkative.py');
    const tensor = '("FP64", ["batch"])';
    writeFileSync(
      script,
      `signature = {"inputs": {"x": ${tensor}}, "outputs": {"y": ${tensor}}}\ndef predict(inputs):\n    raise ValueError("so " * 100_000)\n`,
    );
    const reply = await predict(await startServer(script, '--python', python), { x: [1] });
    assert.equal(reply.status, 500);
    assert.match(reply.text, /ValueError: so so .*…"\}$/);
    assert.ok(reply.text.length < 2200, String(reply.text.length));
  });

  it('that never end, end their process, or raise, cost one answer each', async () => {
    const server = await serve('endless.pkl', '--run-timeout-seconds', '1');
    for (const [value, status, words] of [
      [666, 504, /longer than 1 s/],
      [667, 503, /exited with code 3/],
      [668, 500, /ValueError: 668 is no good number/],
    ] as const) {
      const reply = await predict(server, [[value, 0]]);
      assert.equal(reply.status, status, reply.text);
      assert.match(reply.text, words);
      let good = await predict(server, [[1, 2]]);
      for (let attempt = 0; good.status !== 200 && attempt < 100; attempt++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        good = await predict(server, [[1, 2]]);
      }
      assert.equal(good.text, '{"outputs":{"prediction":[3]}}');
    }
  });

  it('that can not be loaded say why', async () => {
    await assert.rejects(serve('missing.pkl'), /module absent_module is not there/);
    await assert.rejects(
      serve('forgotten.pkl'),
      /forgotten\.pkl can not be loaded: its Forgotten was defined in the program that saved it/,
    );
    await assert.rejects(serve('beside_module.py'), /has no function predict/);
    await assert.rejects(serve('index.json'), /can not be loaded/);
    await assert.rejects(serve('protocol-4.pkl', '--python', '/no/python'), /could not be started|exited/);
  });

  it('that refuse the values of a request blame the request', async () => {
    const forest = await serve('regressor.joblib');
    const row = Array<number>(10).fill(1e300);
    const reply = await predict(forest, [row]);
    assert.equal(reply.status, 400, reply.text);
    assert.match(reply.text, /infinity or a value too large for dtype/);
    const logistic = await serve('protocol-4.pkl');
    assert.equal((await predict(logistic, [[1, 2, 3, null]])).status, 400);
  });

  it('that fail deep in a library do so in a few words', () => {
    const script = `
import sys; sys.path.insert(0, "src/server/python")
import numpy, xgboost
from worker import words
booster = xgboost.Booster(model_file=sys.argv[1])
try:
    booster.inplace_predict(numpy.zeros((1, 30), numpy.float32))
except Exception as error:
    print(words(error))
`;
    const said = execFileSync(python, ['-c', script, join(folder, 'linear.ubj')]).toString();
    assert.equal(said, 'XGBoostError: Inplace predict is not supported by current booster.\n');
  });

  it('are kept from the network where that is wanted, with all that they start, and are not given the token', async () => {
    const reached = async (...args: string[]) => {
      const script = resolve('test/fixtures/python/curious/predict.py');
      const headers = { authorization: 'Bearer secret' };
      const host = { environment: { SLIPWAY_TOKEN: 'secret' } };
      const server = await startServerOn(host, script, '--python', python, ...args);
      const body = JSON.stringify({ inputs: { port: [Number(new URL(server.url).port)] } });
      const { text } = await server.fetch('/predict', { method: 'POST', headers, body });
      const { outputs = assert.fail(text) } = JSON.parse(text) as { outputs?: Record<string, [boolean]> };
      return Object.keys(outputs).filter((name) => outputs[name]?.[0]);
    };
    assert.deepEqual(await reached('--network', 'none'), ['local sockets']);
    const all = ['connects', 'child connects', 'datagrams', 'looks into processes', 'local sockets'];
    assert.deepEqual(await reached(), all);
  });

  it('are not loaded where they can not be kept from the network', async () => {
    const elsewhere = join(folder, 'python-elsewhere');
    const pretend =
      'import platform, runpy, sys; platform.machine = lambda: "abacus"; sys.argv = sys.argv[1:];';
    const run = `${pretend} sys.path.insert(0, sys.argv[0].rsplit("/", 1)[0]); runpy.run_path(sys.argv[0], run_name="__main__")`;
    writeFileSync(elsewhere, `#!/bin/sh\nexec ${python} -c '${run}' "$2"\n`, { mode: 0o755 });
    assert.ok(await serve('protocol-4.pkl', '--python', elsewhere));
    await assert.rejects(
      serve('protocol-4.pkl', '--python', elsewhere, '--network', 'none'),
      /can not be kept from the network here .*abacus.*"network": true in its "server" of slipway\.json/,
    );
  });

  it('walk trees directly only where that gives the same, and not where it is turned off', async () => {
    const { inputs, expected } = made.find(({ file }) => file === 'RandomForestClassifier.joblib') as Made;
    for (const flags of [[], ['--no-fast-forest']]) {
      const server = await serve('RandomForestClassifier.joblib', ...flags);
      const { text } = await predict(server, inputs);
      assert.deepEqual((JSON.parse(text) as { outputs: object }).outputs, expected);
    }
  });

  it('of many rows are left to scikit-learn, which is faster then, and give the same', () => {
    const script = `
import sys; sys.path.insert(0, "src/server/python")
import numpy as np
from slipway_models import load
from slipway_forest import forest_of
model = load(sys.argv[1], {})
walk = forest_of(model.estimator)
rows = np.random.default_rng(0).normal(size=(walk.most_rows + 1, walk.features)) * 100
few, many = model.predict({"input": rows[:-1]}), model.predict({"input": rows})
print(walk.most_rows, walk(rows[:-1]) is not None, walk(rows) is None, all(np.array_equal(a, b[:-1]) for (_, a), (_, b) in zip(few, many)))
`;
    const say = (file: string) =>
      execFileSync(python, ['-c', script, join(folder, file)])
        .toString()
        .trim();
    assert.equal(say('RandomForestClassifier.joblib'), '500 True True True');
    assert.equal(say('regressor.joblib'), '500 True True True');
  });

  it('leave no process behind', async () => {
    const server = await serve('protocol-4.pkl');
    const worker = execFileSync('pgrep', ['-P', String(server.process.pid)])
      .toString()
      .trim();
    server.process.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 500));
    // One that nobody has waited for is listed still, as a zombie.
    const state = existsSync(`/proc/${worker}`)
      ? readFileSync(`/proc/${worker}/stat`, 'utf8').split(' ')[2]
      : 'Z';
    assert.equal(state, 'Z');
  });
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answersOf, assertAlike, madeIn, python, type Answered, type Made } from './support/pythonModels';
import { startServer, stopServers } from './support/serverProcess';

describe('models of Python that take tables, words and texts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-tables-'));
  let made: Made[];
  let answered: Map<string, Answered>;
  const answerOf = (file: string) => answered.get(file) ?? assert.fail(file);

  before(function () {
    this.timeout(120_000);
    execFileSync(python, ['-W', 'ignore', 'test/fixtures/python/make_tables.py', folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    made = madeIn(folder);
    const answers = answersOf(made.map((one) => ({ ...one, file: join(folder, one.file) })));
    answered = new Map(made.map(({ file }, at) => [file, answers[at] as Answered]));
  });
  afterEach(stopServers);
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('answer what they answer in Python', () => {
    const wrong = made.flatMap(({ file, expected }) => {
      const { answer, error } = answerOf(file);
      try {
        assert.equal(error, undefined);
        assertAlike(answer, expected, file);
        return [];
      } catch (failure) {
        return [`${file}: ${(failure as Error).message}`];
      }
    });
    assert.deepEqual(wrong, []);
    assert.ok(made.length >= 30, String(made.length));
  });

  it('say what they take', () => {
    const inputsOf = (file: string) =>
      answerOf(file).inputs.map(({ name, datatype, shape }) => [name, datatype, ...shape]);
    assert.deepEqual(inputsOf('TfidfVectorizer-LogisticRegression.joblib'), [['input', 'BYTES', 'batch']]);
    assert.deepEqual(inputsOf('searched-texts.joblib'), [['input', 'BYTES', 'batch']]);
    assert.deepEqual(inputsOf('mail.joblib'), [
      ['text', 'BYTES', 'batch', 1],
      ['length', 'FP64', 'batch', 1],
    ]);
    for (const name of ['nested', 'searched', 'voting', 'calibrated', 'united', 'target']) {
      const datatypes = answerOf(`${name}.joblib`).inputs.map(({ datatype }) => datatype);
      assert.deepEqual(datatypes, ['FP64', 'BYTES', 'BYTES', 'FP64'], name);
    }
    assert.deepEqual(inputsOf('nameless.joblib'), [['input', 'BYTES', 'batch', 2]]);
  });

  it('run together where their rows do not know of each other', () => {
    const apart = ['mean.joblib', 'centred.pkl'];
    const untried = ['picky.pkl', 'choosy.pkl'];
    for (const { file } of made) {
      const expected = untried.includes(file) ? null : !apart.includes(file);
      assert.equal(answerOf(file).batchable, expected, file);
    }
  });

  it('that can not be tried say what helps', () => {
    const [answered] = answersOf([{ file: join(folder, 'undescribed.pkl'), inputs: {} }]);
    assert.match(
      answered?.error ?? '',
      /^the rows that it was tried with failed with ValueError: only 17 will do\. .* "signature" in slipway\.json$/,
    );
  });

  it('are served', async () => {
    const ask = async (file: string, inputs: object) => {
      const server = await startServer(join(folder, file), '--python', python, '--name', 'model');
      const reply = await server.fetch('/predict', { method: 'POST', body: JSON.stringify({ inputs }) });
      return JSON.parse(reply.text) as object;
    };
    for (const file of ['by-joblib.pkl', 'TfidfVectorizer-LogisticRegression.joblib', 'searched.joblib']) {
      const { inputs, expected } = made.find((one) => one.file === file) ?? assert.fail();
      assertAlike(await ask(file, inputs), { outputs: expected }, file);
    }
  });

  it('take what is missing in a table, in every form that has a word for it', async () => {
    const { expected } = made.find(({ file }) => file === 'null.joblib') ?? assert.fail();
    const server = await startServer(join(folder, 'null.joblib'), '--python', python, '--name', 'model');
    const columns = ['age', 'city', 'grade', 'n'];
    const rows = [
      [null, null, 'c', 3],
      [20, 'Berlin', 'a', true],
    ];
    const records = rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])));
    const numbered = records.map((record) => ({ ...record, n: Number(record['n']) }));
    const inputs = ['FP64', 'BYTES', 'BYTES', 'FP64'].map((datatype, at) => ({
      ...{ name: columns[at], datatype, shape: [2, 1] },
      data: numbered.map((record) => record[columns[at] as never] as unknown),
    }));
    const csv = `${columns.join()}\n,,c,3\n20,Berlin,a,1\n`;
    const labels = async (path: string, body: object | string) => {
      const type = typeof body === 'string' ? 'text/csv' : 'application/json';
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const reply = await server.fetch(path, {
        ...{ method: 'POST', body: text, headers: { 'Content-Type': type } },
      });
      assert.equal(reply.status, 200, `${path} ${text}: ${reply.text}`);
      return [...reply.text.matchAll(/"(yes|no)"/g)].map(([, label]) => label);
    };
    for (const [path, body] of [
      ['/predict', { instances: numbered }],
      ['/v2/models/model/infer', { inputs }],
      ['/invocations', { dataframe_split: { columns, data: rows } }],
      ['/invocations', { dataframe_records: records }],
      ['/invocations', csv],
    ] as const)
      assert.deepEqual(await labels(path, body), expected['label'], path);
  });

  it('give what is missing as null, and as nothing where bytes are asked for', async () => {
    const inputs = [{ name: 'input', datatype: 'FP64', shape: [2, 1], data: [1, -1] }];
    const server = await startServer(join(folder, 'silent.pkl'), '--python', python, '--name', 'model');
    const ask = (body: object) =>
      server.fetch('/v2/models/model/infer', { method: 'POST', body: JSON.stringify(body) });
    assert.match((await ask({ inputs })).text, /"shape":\[2\],"data":\["plus",null\]/);
    const bytes = await ask({ inputs, parameters: { binary_data_output: true } });
    assert.ok(bytes.text.endsWith('\x04\0\0\0plus\0\0\0\0'), JSON.stringify(bytes.text));
    const metrics = (await server.fetch('/metrics')).text;
    assert.match(metrics, /slipway_labels_total\{role="output",tensor="prediction",value="null"\} 2/);
  });
});

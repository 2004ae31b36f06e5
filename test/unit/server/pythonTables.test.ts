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
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answersOf, assertAlike, madeIn, python, type Answered } from './support/pythonModels';

describe('models of MLflow that are loaded without it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-mlflow-'));
  const answered = new Map<string, Answered & { expected: Record<string, unknown> }>();
  const of = (name: string) => answered.get(`${name}/MLmodel`) ?? assert.fail(name);

  before(function () {
    this.timeout(120_000);
    execFileSync(python, ['-W', 'ignore', 'test/fixtures/python/make_mlflow.py', folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const made = madeIn(folder);
    const answers = answersOf(made.map((one) => ({ ...one, file: join(folder, one.file) })));
    made.forEach(({ file, expected }, at) => answered.set(file, { ...(answers[at] as Answered), expected }));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const name of ['plain', 'chances', 'columns', 'dates', 'picky', 'classes', 'booster']) {
    it(`answer what their python_function answers: ${name}`, () => {
      const { answer, error, expected } = of(name);
      assert.equal(error, undefined);
      assertAlike(answer, expected, name);
      assert.deepEqual(Object.keys(answer ?? {}), Object.keys(expected));
    });
  }

  it('take and give what they were saved with', () => {
    const { inputs, outputs } = of('columns');
    assert.deepEqual(
      inputs.map(({ name, datatype }) => `${name} ${datatype}`),
      [
        'the fourth 😀 and last of them FP64',
        'third, with a \\ in it FP64',
        'the “second” of all the names FP64',
        "it's: the first FP64",
      ],
    );
    assert.deepEqual(
      outputs.map(({ name, datatype }) => `${name} ${datatype}`),
      ['label INT32'],
    );
    const datatypes = of('dates').inputs.map(({ datatype }) => datatype);
    assert.deepEqual(datatypes, ['BYTES', 'INT64']);
  });

  it('say what they need where only MLflow can load them', () => {
    assert.match(of('safe').error ?? '', /^the Python module mlflow is not there/);
  });
});

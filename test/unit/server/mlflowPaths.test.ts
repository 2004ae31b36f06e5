import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const load = `
import sys
sys.path[:0] = sys.argv[2:]
import slipway_mlflow
slipway_mlflow.load_mlflow(sys.argv[1], {}, None)
`;

describe('a model of MLflow', () => {
  let folder: string;
  let marker: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-mlflow-'));
    marker = join(folder, 'marker');
    mkdirSync(join(folder, 'model'));
    writeFileSync(join(folder, 'outside.pkl'), `c__builtin__\nopen\n(S'${marker}'\nS'w'\ntR.`);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (...lines: string[]) => {
    const flavor = ['flavors:', '  python_function:', ...lines.map((line) => `    ${line}`), ''];
    writeFileSync(join(folder, 'model/MLmodel'), flavor.join('\n'));
  };
  const loaded = (...modules: string[]) =>
    spawnSync('/usr/bin/python3', [
      '-c',
      load,
      join(folder, 'model'),
      resolve('src/server/python'),
      ...modules,
    ]).stderr.toString();

  for (const line of ['model_path: ../outside.pkl', 'data: ../outside.pkl', 'model_path: linked.pkl']) {
    it(`loads nothing outside of its folder: ${line}`, () => {
      symlinkSync('../outside.pkl', join(folder, 'model/linked.pkl'));
      write('loader_module: mlflow.sklearn', line);
      assert.match(loaded(), /Unsupported: its MLmodel names \S+, which is outside of its folder/);
      assert.ok(!existsSync(marker));
    });
  }

  it('loads nothing outside of it either where MLflow reads more in its MLmodel than is read here', () => {
    write('loader_module: mlflow.other', '<<: *elsewhere');
    const mlflow = join(folder, 'lib/mlflow');
    mkdirSync(mlflow, { recursive: true });
    writeFileSync(join(mlflow, '__init__.py'), '');
    writeFileSync(join(mlflow, 'pyfunc.py'), `def load_model(path):\n    open('${marker}', 'w')\n`);
    writeFileSync(
      join(mlflow, 'models.py'),
      'class Model:\n    flavors = {"python_function": {"data": "../outside.pkl"}}\n    load = lambda path: Model()\n',
    );
    assert.match(
      loaded(join(folder, 'lib')),
      /Unsupported: its MLmodel names \S+, which is outside of its folder/,
    );
    assert.ok(!existsSync(marker));
  });
});

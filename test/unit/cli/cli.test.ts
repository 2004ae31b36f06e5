import assert from 'node:assert/strict';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyWorkspace, temporaryFolder } from '../../host/workspace';
import { KubernetesApi } from '../../host/kubernetesApi';
import { serve as serveRelease, subjectOf, targetOf } from '../target/kubernetes/support';
import { help } from '../../../src/cli/usage';
import { errorIn, slipway } from './support';

interface Results {
  passed: number;
  failed: number;
  tested: { pass: boolean; problems: string[] }[];
}

describe('the command line', () => {
  let workspace: string;
  before(async () => {
    workspace = await copyWorkspace(join(await temporaryFolder('cli'), 'workspace'));
  });

  it('says what it can do, and how each command is called', async () => {
    const { code, out } = await slipway(['--help'], workspace);
    assert.equal(code, 0);
    for (const command of Object.keys(help)) {
      assert.match(out, new RegExp(`slipway ${command} `));
      assert.match((await slipway([command, '--help'], workspace)).out, new RegExp(`^slipway ${command} `));
    }
    assert.match((await slipway(['--version'], workspace)).out, /^\d+\.\d+\.\d+\n$/);
  });

  it('tests all models, and writes what CI systems read', async () => {
    const { code, out, err } = await slipway(['test', '--junit', 'results.xml'], workspace);
    assert.equal(code, 0, err);
    assert.equal(out, '8 passed, 0 failed\n');
    assert.match(err, /✔ iris: setosa\n/);
    const xml = await readFile(join(workspace, 'results.xml'), 'utf8');
    assert.match(xml, /<testsuite name="iris" tests="3" failures="0" errors="0" skipped="0">/);
    assert.match(xml, /<testcase classname="digits" name="a zero" time="[\d.]+"\/>/);
  });

  it('exits with 3 when a sample fails, and says with which value', async () => {
    const file = join(workspace, 'models/iris.samples.json');
    const before = await readFile(file, 'utf8');
    const samples = JSON.parse(before) as { samples: { expected: { label: number[] } }[] };
    Object.assign(samples.samples[0]?.expected ?? {}, { label: [2] });
    await writeFile(file, JSON.stringify(samples));
    try {
      const { code, out, err } = await slipway(['test', 'iris', '--json', '--junit', 'r.xml'], workspace);
      assert.equal(code, 3);
      const { passed, failed, tested } = JSON.parse(out) as Results;
      assert.deepEqual([passed, failed], [2, 1]);
      assert.deepEqual(tested[0]?.problems, ['label.0: Expected 2, got 0.']);
      assert.match(err, /✗ iris: setosa\n {4}label\.0: Expected 2, got 0/);
      assert.match(
        await readFile(join(workspace, 'r.xml'), 'utf8'),
        /<failure message="label\.0: Expected 2, got 0\.">/,
      );
    } finally {
      await writeFile(file, before);
    }
  });

  it('tests the models that there are when one is missing, and writes that it is', async () => {
    const words = ['test', 'nothing', 'iris', '--junit', 'missing.xml', '--json'];
    const ended = await slipway(words, workspace);
    assert.equal(ended.code, 1);
    assert.equal(errorIn(ended).code, 'model-missing');
    const xml = await readFile(join(workspace, 'missing.xml'), 'utf8');
    assert.match(xml, /<testsuite name="nothing" tests="1" failures="0" errors="1" skipped="0">/);
    assert.match(
      xml,
      /<error message="nothing is neither a file nor a model of this folder\. It has breast-cancer, /,
    );
    assert.match(xml, /<testsuite name="iris" tests="3" failures="0" errors="0" skipped="0">/);
  });

  it('keeps the results of the other models when one can not be tested', async () => {
    const ended = await slipway(['test', 'models/iris.onnx', 'nothing', '--json'], workspace);
    assert.equal(ended.code, 1);
    const { tested, passed, failed } = JSON.parse(ended.out) as Results;
    assert.deepEqual([tested.length, passed, failed], [4, 3, 1]);
    assert.equal(errorIn(ended).code, 'model-missing');
  });

  describe('where there is nothing to test with', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await copyWorkspace(join(await temporaryFolder('cli-untested'), 'workspace'));
      await copyFile(join(folder, 'models/iris.onnx'), join(folder, 'models/silent.onnx'));
    });

    it('passes a model over, and says so', async () => {
      const { code, out, err } = await slipway(['test', '--junit', 'r.xml'], folder);
      assert.deepEqual([code, out], [0, '8 passed, 0 failed, 1 skipped\n'], err);
      assert.match(err, /^- silent has no samples\.$/m);
      assert.match(
        await readFile(join(folder, 'r.xml'), 'utf8'),
        /<testcase classname="silent" name="all samples" time="0"><skipped message="silent has no samples\."\/>/,
      );
    });

    it('fails where a model was named that has no samples', async () => {
      const ended = await slipway(['test', 'models/silent.onnx', '--json'], folder);
      assert.equal(ended.code, 1);
      const { code, message, next } = errorIn(ended);
      assert.deepEqual(
        [code, message, next],
        ['samples-missing', 'silent has no samples.', 'Write some into models/silent.samples.json.'],
      );
    });

    it('fails where its samples say that they are for another model', async () => {
      const samples = await readFile(join(folder, 'models/iris.samples.json'), 'utf8');
      await writeFile(
        join(folder, 'models/silent.samples.json'),
        samples.replace('{', '{"model": "iris.onnx",'),
      );
      const ended = await slipway(['test', 'silent', '--json'], folder);
      assert.deepEqual([ended.code, errorIn(ended).code], [1, 'sample-invalid']);
      assert.match(
        ended.err,
        /silent\.samples\.json is for iris\.onnx, as its "model" says, and not for silent\.onnx/,
      );
    });

    it('fails where no model has samples', async () => {
      for (const name of ['iris', 'digits', 'breast-cancer'])
        await rm(join(folder, `models/${name}.samples.json`));
      const ended = await slipway(['test', '--json'], folder);
      assert.deepEqual([ended.code, errorIn(ended).code], [1, 'samples-missing']);
      assert.match(ended.err, /No model of this folder has samples, so nothing was tested\./);
    });

    it('fails where a model is broken', async () => {
      await writeFile(join(folder, 'models/silent.onnx'), 'no model');
      const ended = await slipway(['test', '--json'], folder);
      assert.deepEqual([ended.code, errorIn(ended).code], [1, 'model-broken']);
      assert.equal((JSON.parse(ended.out) as Results).passed, 8);
    });

    it('fails where slipway.json names samples that are not there, or can not be read', async () => {
      for (const [samples, why] of [
        ['tests/nothing.json', 'there is no such file or folder'],
        ['models', 'it is a folder'],
      ] as const) {
        const models = { silent: { path: 'models/silent.onnx', samples } };
        await writeFile(join(folder, 'slipway.json'), JSON.stringify({ models }));
        const ended = await slipway(['test', 'silent', '--json'], folder);
        assert.equal(ended.code, 1);
        const { code, message } = errorIn(ended);
        const told = `The samples of silent can not be read from ${samples}: ${why}.`;
        assert.deepEqual([code, message], ['samples-missing', told]);
      }
    });
  });

  it('tests what it finds beside the models of slipway.json, but not what .gitignore leaves out', async () => {
    const folder = await copyWorkspace(join(await temporaryFolder('cli-found'), 'workspace'));
    const names = ['iris', 'left-out'];
    for (const name of names)
      for (const end of ['onnx', 'samples.json'])
        await copyFile(join(folder, `models/iris.${end}`), join(folder, `${name}-2.${end}`));
    await writeFile(join(folder, '.gitignore'), '/left-out-2.onnx\n/models/\n');
    const { code, out, err } = await slipway(['test'], folder);
    assert.deepEqual([code, out], [0, '11 passed, 0 failed\n'], err);
    assert.match(err, /✔ iris-2: setosa\n/);
  });

  it('predicts with a sample, with values of a file and with those on its input', async () => {
    assert.match(
      (await slipway(['predict', 'iris', '--sample', 'virginica'], workspace)).out,
      /^label: \[2\]\n/,
    );
    const inputs = '{"measurements": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]}';
    await writeFile(join(workspace, 'inputs.json'), inputs);
    const byFile = await slipway(
      ['predict', 'models/iris.onnx', '--inputs', 'inputs.json', '--json'],
      workspace,
    );
    const { outputs } = JSON.parse(byFile.out) as { outputs: { label: number[] } };
    assert.deepEqual(outputs.label, [0, 2]);
    const byInput = await slipway(['predict', 'iris', '--inputs', '-'], workspace, { input: inputs });
    assert.match(byInput.out, /^label: \[0,2\]\n/);
  });

  it('knows models that slipway.json does not name by the names that they are served by', async () => {
    const folder = await copyWorkspace(join(await temporaryFolder('cli-names'), 'workspace'));
    await writeFile(join(folder, 'slipway.json'), '{}');
    assert.equal((await slipway(['test', 'iris'], folder)).out, '3 passed, 0 failed\n');
    await copyFile(join(folder, 'models/iris.onnx'), join(folder, 'Iris.onnx'));
    const twice = errorIn(await slipway(['test', 'iris', '--json'], folder));
    assert.match(twice.message, /^iris is the name of several models: .*Iris\.onnx/);
    await writeFile(join(folder, 'slipway.json'), '{"models":{"iris":{"path":"models/gone.onnx"}}}');
    const gone = errorIn(await slipway(['test', 'iris', '--json'], folder));
    assert.match(
      gone.message,
      /^slipway\.json says that iris is models\/gone\.onnx, and there is no such file\./,
    );
  });

  it('says of what is no model that it is none', async () => {
    const told = async (given: string) =>
      errorIn(await slipway(['predict', given, '--json'], workspace)).message;
    assert.equal(await told('models'), 'models is a folder, and no model.');
    assert.equal(
      await told('models/iris.samples.json'),
      'models/iris.samples.json holds samples, and no model.',
    );
  });

  it('says of inputs that do not fit where they are from', async () => {
    const input = '{"measurement": [[1, 2, 3, 4]]}';
    const ended = await slipway(['predict', 'iris', '--inputs', '-', '--json'], workspace, { input });
    const { code, message, next } = errorIn(ended);
    assert.deepEqual([code, next], ['sample-invalid', 'Correct what standard input gives.']);
    assert.match(message, /^The inputs do not fit the model\. The model has no input "measurement"\./);
  });

  it('lists what runs where somebody says it, and which targets are away', async () => {
    const api = await KubernetesApi.start();
    const folder = await copyWorkspace(join(await temporaryFolder('cli-away'), 'workspace'));
    const cluster = { kind: 'kubernetes', registry: 'registry.test', kubeconfig: api.kubeconfig };
    const targets = {
      gone: { kind: 'docker', host: 'tcp://127.0.0.1:9' },
      staging: cluster,
      lost: { ...cluster, context: 'nowhere' },
    };
    await writeFile(join(folder, 'slipway.json'), JSON.stringify({ targets }));
    const target = targetOf(api);
    try {
      await serveRelease(target, await subjectOf('iris'));
      const { code, out, err } = await slipway(['releases'], folder);
      assert.equal(code, 1);
      assert.match(out, /^staging {2}iris r1 {2}serving 100 % {2}ready {2}first\n$/);
      assert.match(err, /no Docker engine answers at tcp:\/\/127\.0\.0\.1:9/);
      assert.match(err, /has no context "nowhere"/);
      const told = JSON.parse((await slipway(['releases', '--json'], folder)).out) as {
        releases: object[];
        errors: { target: string; code: string }[];
        error: object;
      };
      assert.equal(told.releases.length, 1);
      assert.deepEqual(told.errors.map((each) => `${each.target}: ${each.code}`).sort(), [
        'gone: engine-unreachable',
        'lost: config-invalid',
      ]);
      assert.ok(told.error);
    } finally {
      target.dispose();
      await api.stop();
    }
  });

  it('says that there is no slipway.json, or none with targets', async () => {
    const folder = await temporaryFolder('cli-nothing');
    const told = async (words: string[]) => errorIn(await slipway([...words, '--json'], folder));
    for (const words of [['releases'], ['rollback', 'iris', '--target', 'staging']])
      assert.match((await told(words)).message, /^There is no slipway\.json in this folder/);
    await writeFile(join(folder, 'slipway.json'), '{}');
    assert.equal((await told(['releases'])).message, 'slipway.json names no target.');
  });

  const failing: [string[], string][] = [
    [['test', 'nothing'], 'model-missing'],
    [['predict', 'iris', '--sample', 'rose'], 'samples-missing'],
    [['predict', 'iris', '--inputs', 'models/iris.onnx'], 'sample-invalid'],
    [['predict', 'iris', '--inputs', 'nothing.json'], 'samples-missing'],
    [['predict', 'iris', '--inputs', 'models'], 'samples-missing'],
    [['test', 'iris', '--junit', 'models'], 'not-writable'],
    [['test', 'iris', '--junit', 'nowhere/results.xml'], 'not-writable'],
    [['predict', 'iris', '--url', 'http://127.0.0.1:9'], 'endpoint-gone'],
    [['deploy', 'iris', '--target', 'moon'], 'target-missing'],
  ];
  for (const [words, code] of failing) {
    it(`exits with 1 and says ${code} for: slipway ${words.join(' ')}`, async () => {
      const ended = await slipway([...words, '--json'], workspace);
      assert.equal(ended.code, 1, ended.err);
      const error = errorIn(ended);
      assert.equal(error.code, code);
      assert.ok(ended.err.includes(error.message));
      assert.doesNotMatch(ended.err, /unexpected|ENOENT|EISDIR/);
    });
  }

  it('does not load a pickle that would do harm, unless it is told to', async () => {
    await writeFile(join(workspace, 'harmful.pkl'), "cos\nsystem\n(S'touch harmed'\ntR.");
    const { code, err } = await slipway(['predict', 'harmful.pkl', '--inputs', '-'], workspace, {
      input: '{"input": [[1]]}',
    });
    assert.equal(code, 1);
    assert.match(err, /may run code that does harm\.\n.*os\.system[^]*--load-anyway/);
    await assert.rejects(readFile(join(workspace, 'harmed')));
  });
});

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyWorkspace, temporaryFolder } from '../../host/workspace';
import { help } from '../../../src/cli/usage';
import { slipway } from './support';

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

  it('tests all models of slipway.json, and writes what CI systems read', async () => {
    const { code, out, err } = await slipway(['test', '--junit', 'results.xml'], workspace);
    assert.equal(code, 0, err);
    assert.equal(out, '8 passed, 0 failed\n');
    assert.match(err, /✔ iris: setosa\n/);
    const xml = await readFile(join(workspace, 'results.xml'), 'utf8');
    assert.match(xml, /<testsuite name="iris" tests="3" failures="0" errors="0">/);
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
      const { passed, failed, tested } = JSON.parse(out) as {
        passed: number;
        failed: number;
        tested: { pass: boolean; problems: string[] }[];
      };
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

  it('serves until it is stopped, and other calls predict there', async () => {
    let predicted: Promise<{ out: string }> | undefined;
    const { code } = await slipway(['serve', 'iris'], workspace, {
      onStart: (child) =>
        child.stdout?.once('data', (line: Buffer) => {
          const { url } = JSON.parse(line.toString()) as { url: string };
          predicted = slipway(['predict', 'iris', '--url', url], workspace).finally(() =>
            child.kill('SIGINT'),
          );
        }),
    });
    assert.equal(code, 130);
    assert.match((await predicted)?.out ?? '', /^label: \[0\]\n/);
  });

  const wrong: [string[], RegExp][] = [
    [[], /^Slipway takes a model/],
    [['fly'], /^There is no command fly\./],
    [['test', '--target', 'x'], /^slipway test has no option --target\./],
    [['deploy', 'iris'], /^Say where to with --target NAME\./],
    [['deploy', '--target', 'staging'], /^Name one model\./],
    [['predict', 'iris', '--wing'], /wing/],
    [['manifests', 'iris', '--out', 'x', '--format', 'chart'], /^--format is one of yaml, kustomize, helm\./],
  ];
  for (const [words, told] of wrong) {
    it(`exits with 2 and its help for: slipway ${words.join(' ')}`, async () => {
      const { code, out, err } = await slipway(words, workspace);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, told);
      assert.match(err, /slipway \w+ /);
    });
  }

  const failing: [string[], string][] = [
    [['test', 'nothing'], 'model-missing'],
    [['predict', 'iris', '--sample', 'rose'], 'samples-missing'],
    [['predict', 'iris', '--inputs', 'models/iris.onnx'], 'sample-invalid'],
    [['predict', 'iris', '--url', 'http://127.0.0.1:9'], 'endpoint-gone'],
    [['deploy', 'iris', '--target', 'moon'], 'target-missing'],
  ];
  for (const [words, code] of failing) {
    it(`exits with 1 and says ${code} for: slipway ${words.join(' ')}`, async () => {
      const ended = await slipway([...words, '--json'], workspace);
      assert.equal(ended.code, 1, ended.err);
      const { error } = JSON.parse(ended.out) as { error: { code: string; message: string } };
      assert.equal(error.code, code);
      assert.ok(ended.err.includes(error.message));
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

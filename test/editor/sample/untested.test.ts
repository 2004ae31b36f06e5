import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { SampleTests } from '../../../src/editor/sample/sampleTests';
import { fakeScript, type FakeScript } from './fakeScript';
import { cleanUp, eventually, samplesFile, workspaceFile } from './support';

const states = ['passed', 'failed', 'errored', 'skipped'] as const;

/** What a run has told of each test. */
interface Told {
  state: (typeof states)[number];
  test: string;
  messages: vscode.TestMessage[];
}

/** Makes what `make` makes with a test controller of its own name, and records what its runs tell. */
function recorded<T>(make: () => T) {
  const told: Told[] = [];
  let controller: vscode.TestController | undefined;
  let profile: vscode.TestRunProfile | undefined;
  const { createTestController } = vscode.tests;
  const createRecorded = (): vscode.TestController => {
    const made = createTestController('slipway-recorded', 'Recorded');
    const createRunProfile = made.createRunProfile.bind(made);
    const createTestRun = made.createTestRun.bind(made);
    made.createRunProfile = (...args) => (profile = createRunProfile(...args));
    made.createTestRun = (...args) => {
      const run = createTestRun(...args);
      for (const state of states) {
        const tell = run[state].bind(run) as (test: vscode.TestItem, ...more: unknown[]) => void;
        run[state] = (test: vscode.TestItem, ...more: unknown[]) => {
          told.push({ state, test: test.label, messages: messagesAmong(more) });
          tell(test, ...more);
        };
      }
      return run;
    };
    return (controller = made);
  };
  Object.assign(vscode.tests, { createTestController: createRecorded });
  try {
    const made = make();
    assert.ok(controller && profile);
    return { made, controller, profile, told };
  } finally {
    Object.assign(vscode.tests, { createTestController });
  }
}

function messagesAmong(args: unknown[]): vscode.TestMessage[] {
  return args.flat().filter((arg) => arg instanceof vscode.TestMessage);
}

describe('what is not tested is not green in the Test Explorer', () => {
  const file = 'untested.samples.json';
  const uri = workspaceFile(`untested/${file}`);
  const sound = { name: 'sound', inputs: { x: [1] } };
  const misspelt = { name: 'misspelt', inputs: { x: [1] }, expcted: { asked: [5] } };
  let script: FakeScript;
  let tests: ReturnType<typeof recorded<SampleTests>>;

  beforeEach(async () => {
    script = await fakeScript('untested');
    tests = recorded(() => new SampleTests(script.documents, script.runs));
  });
  afterEach(async () => {
    tests.made.dispose();
    script.dispose();
    await cleanUp();
    await rm(workspaceFile('untested').fsPath, { recursive: true });
  });

  const write = (...samples: object[]) => samplesFile(`untested/${file}`, { model: 'predict.py', samples });

  async function itemOfFile(of = uri): Promise<vscode.TestItem> {
    await tests.controller.resolveHandler?.(undefined);
    const item = tests.controller.items.get(of.toString());
    assert.ok(item);
    await tests.controller.resolveHandler?.(item);
    return item;
  }

  async function run(...include: vscode.TestItem[]): Promise<string[]> {
    const token = new vscode.CancellationTokenSource().token;
    await tests.profile.runHandler(new vscode.TestRunRequest(include), token);
    return tests.told.map(({ state, test }) => `${test} ${state}`).sort();
  }

  it('as a file of which one sample can not be read says so and counts as an error', async () => {
    const document = await write(sound, misspelt);
    const item = await itemOfFile();
    assert.equal(item.error, 'There is no property "expcted" here.');
    assert.deepEqual(await run(item), ['sound passed', `${file} errored`]);
    const [message] = tests.told.find(({ state }) => state === 'errored')?.messages ?? [];
    assert.equal(message?.message, 'There is no property "expcted" here. Correct the samples file.');
    assert.ok(message.location);
    assert.equal(document.getText(message.location.range), '"expcted"');
  });

  it('as a file of which no sample can be read counts as an error', async () => {
    await write(misspelt);
    assert.deepEqual(await run(await itemOfFile()), [`${file} errored`]);
  });

  it('as a file that can not be opened counts as an error, until it is corrected', async () => {
    const binary = workspaceFile('untested/binary.samples.json');
    await writeFile(binary.fsPath, Buffer.from([0, 1, 2, 0, 255, 0]));
    const item = await itemOfFile(binary);
    assert.ok(item.error);
    assert.deepEqual(await run(item), ['binary.samples.json errored']);
    const [message] = tests.told[0]?.messages ?? [];
    assert.equal(message?.message, item.error);
    const text = JSON.stringify({ model: 'predict.py', samples: [sound] });
    await eventually('the item has its test', async () => {
      // Again, as VS Code may not watch yet.
      await writeFile(binary.fsPath, text);
      await sleep(300);
      return item.children.size === 1;
    });
    assert.equal(item.error, undefined);
  });

  it('but one sample that is run by itself, and a file that was corrected, are', async () => {
    await write(sound, misspelt);
    const item = await itemOfFile();
    const [[, test] = []] = [...item.children];
    assert.ok(test);
    assert.deepEqual(await run(test), ['sound passed']);
    await write(sound);
    tests.told.length = 0;
    assert.deepEqual(await run(item), ['sound passed']);
    assert.equal(item.error, undefined);
  });
});

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answersOf, python } from './support/pythonModels';
import { startServer, stopServers } from './support/serverProcess';

describe('models of Python that are scripts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-scripts-'));
  afterEach(stopServers);
  after(() => rmSync(folder, { recursive: true, force: true }));

  const signature =
    'signature = {"inputs": {"x": ("FP64", ["batch"])}, "outputs": {"y": ("INT64", ["batch"])}}\n';
  let written = 0;
  const write = (body: string, start = signature) => {
    const place = join(folder, String(++written));
    mkdirSync(place);
    writeFileSync(join(place, 'predict.py'), `${start}${body}\n`);
    return join(place, 'predict.py');
  };
  const answered = (body: string, start?: string) =>
    answersOf([{ file: write(body, start), inputs: { x: [1, 2] } }])[0];
  const ask = (body: string, start?: string) => {
    const { error, answer } = answered(body, start) ?? assert.fail();
    return error ?? answer;
  };

  it('are given what load made only where they have an argument for it', () => {
    const load = 'def load():\n    return 10\n';
    const cases: [string, unknown][] = [
      ['def predict(inputs, threshold=0.5):\n    return inputs["x"] + (threshold == 0.5)', [2, 3]],
      [`${load}def predict(inputs, threshold=0.5):\n    return inputs["x"] + (threshold == 0.5)`, [2, 3]],
      [`${load}def predict(model, inputs, factor=2):\n    return inputs["x"] * factor + model`, [12, 14]],
      [`${load}def predict(model=None, inputs=None):\n    return inputs["x"] + model`, [11, 12]],
      ['def predict(model, inputs):\n    return inputs["x"] + (model is None)', [2, 3]],
    ];
    for (const [body, expected] of cases) assert.deepEqual(ask(body), { y: expected }, body);
    assert.match(
      answered('def predict(a, b, c):\n    pass')?.error ?? '',
      /predict of predict\.py takes 3 arguments/,
    );
  });

  it('may have coroutines', () => {
    const open = 'import asyncio\nasync def load():\n    return asyncio.Lock()\n';
    const body =
      'async def predict(lock, inputs):\n    async with lock:\n        await asyncio.sleep(0)\n        return inputs["x"]';
    assert.deepEqual(ask(open + body), { y: [1, 2] });
  });

  it('may have classes that look their own module up', () => {
    const classes = `
from __future__ import annotations
import dataclasses, pickle, typing

@dataclasses.dataclass
class Scale:
    kind: typing.ClassVar[str] = "scale"
    factor: float = 3

def load():
    return pickle.loads(pickle.dumps(Scale()))

def predict(scale, inputs):
    return inputs["x"] * scale.factor
`;
    assert.deepEqual(ask(signature, classes), { y: [3, 6] });
  });

  it('answer in the datatypes that they say, or it is said why they do not', () => {
    const given = (value: string) => ask(`import numpy\ndef predict(inputs):\n    return ${value}`);
    assert.deepEqual(given('inputs["x"]'), { y: [1, 2] });
    assert.deepEqual(given('[True, False]'), { y: [1, 0] });
    assert.deepEqual(given('{"y": 7}'), { y: [7] });
    assert.equal(given('inputs["x"] + 0.5'), 'its output "y" is said to be INT64, and it gave 1.5');
    assert.equal(given('["a", "b"]'), 'its output "y" is said to be INT64, and it gave a');
    assert.equal(given('[1, float("nan")]'), 'its output "y" is said to be INT64, and it gave nan');
    assert.equal(given('{"z": 1, "w": 2}'), 'predict.py gave no output "y". It gave "z", "w"');
  });

  it('say so to their clients', async () => {
    const script = write('def predict(inputs):\n    return inputs["x"] / 2');
    const server = await startServer(script, '--python', python, '--name', 'model');
    const ask = (x: number[]) =>
      server.fetch('/predict', { method: 'POST', body: JSON.stringify({ inputs: { x } }) });
    assert.equal((await ask([2, 4])).text, '{"outputs":{"y":[1,2]}}');
    const reply = await ask([2, 5]);
    assert.equal(reply.status, 500);
    assert.match(reply.text, /The model failed: its output \\"y\\" is said to be INT64, and it gave 2\.5/);
  });

  it('start processes that have nothing of the pipe to the server', async () => {
    const body = `
import os, subprocess, sys
def predict(inputs):
    numbers = [int(each) for each in os.listdir("/proc/self/fd")]
    own = [os.readlink(f"/proc/self/fd/{each}") for each in numbers if os.path.exists(f"/proc/self/fd/{each}") and not os.get_inheritable(each)]
    pipe = [file for file in own if file.startswith(("pipe:", "socket:"))]
    read = 'import os, sys; print(len(sys.stdin.read()), [os.readlink(each.path) for each in os.scandir("/proc/self/fd") if os.path.exists(each.path)])'
    said = subprocess.run([sys.executable, "-c", read], capture_output=True, text=True, close_fds=False).stdout
    return {"y": [int(said.split()[0]), len(pipe), sum(file in said for file in pipe)]}
`;
    const server = await startServer(write(body), '--python', python, '--name', 'model');
    const ask = () => server.fetch('/predict', { method: 'POST', body: '{"inputs":{"x":[1]}}' });
    assert.equal((await ask()).text, '{"outputs":{"y":[0,2,0]}}');
    assert.equal((await ask()).text, '{"outputs":{"y":[0,2,0]}}');
  });
});

import Docker from 'dockerode';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ContainerEngine } from '../../src/core/endpoint/containerEngine';
import type { Endpoint } from '../../src/core/endpoint/endpoint';
import { InferenceClient } from '../../src/core/inference/client';
import { hashModel } from '../../src/core/model/hashModel';
import { version } from '../../package.json';
import { baseImages, ensureBaseImages } from '../host/baseImages';
import { answers } from '../host/engine';
import { irisRow } from './iris';
import { quietLog } from './log';
import type { Subject } from './subjects';
import { median, printTable } from './table';

const rounds = 5;
const task = { signal: new AbortController().signal, report: () => undefined };

/** From *Serve* to the first prediction with a warm image, against the bare start of a container that answers HTTP. */
export async function measureServe(model: string): Promise<void> {
  const docker = new Docker();
  if (!(await answers(docker))) return void process.stdout.write('Serve: no Docker engine answers.\n\n');
  await ensureBaseImages(docker);
  const engine = makeEngine();
  const served = { name: 'bench-iris', path: model, hash: await hashModel(model) };
  const ours: number[] = [];
  const bare: number[] = [];
  try {
    await engine.remove(await engine.serve(served, task), task);
    for (let round = 0; round < rounds; round++) {
      const start = performance.now();
      const endpoint: Endpoint = await engine.serve(served, task);
      await new InferenceClient(endpoint.url ?? '', served.name).infer([await irisRow(model)], task.signal);
      ours.push(performance.now() - start);
      await engine.remove(endpoint, task);
      bare.push(await startBare(docker));
    }
  } finally {
    engine.dispose();
  }
  printTable(
    ['warm image, iris', 'median ms', 'ours is'],
    [
      ['Slipway, Serve to the first prediction', median(ours).toFixed(0), ''],
      [
        'a container with a bare node:http server',
        median(bare).toFixed(0),
        `${(median(ours) / median(bare)).toFixed(2)} ×`,
      ],
    ],
  );
}

/** From the start of a container whose image is there to the first prediction. */
export async function measureColdStart(subjects: Subject[]): Promise<void> {
  if (!(await answers(new Docker()))) return;
  const engine = makeEngine();
  const rows: string[][] = [];
  try {
    for (const [title, path, row] of subjects.flatMap(({ title, onnx, pickle, rows: [{ row }] }) => [
      ...(onnx ? [[`${title}, ONNX`, onnx, row] as const] : []),
      [`${title}, pickle`, pickle, row] as const,
    ])) {
      const times = await coldStarts(engine, path, row);
      rows.push([title, median(times).toFixed(0)]);
    }
  } finally {
    engine.dispose();
  }
  printTable(['container start to the first prediction', 'median ms'], rows);
}

async function coldStarts(engine: ContainerEngine, path: string, row: number[]): Promise<number[]> {
  const served = { name: 'bench-cold', path, hash: await hashModel(path) };
  const endpoint = await engine.serve(served, task);
  const times: number[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      await engine.stop(endpoint, task);
      const start = performance.now();
      await engine.restart(endpoint, task);
      const [again] = (await engine.list(task.signal)).filter(({ id }) => id === endpoint.id);
      const body = JSON.stringify({ inputs: [row] });
      const answer = await fetch(`${again?.url ?? ''}/predict`, { method: 'POST', body });
      if (!answer.ok) throw new Error(await answer.text());
      times.push(performance.now() - start);
    }
  } finally {
    await engine.remove(endpoint, task);
  }
  return times;
}

function makeEngine(): ContainerEngine {
  return new ContainerEngine({
    dist: resolve('dist'),
    version,
    host: '',
    nodeBase: baseImages.node,
    pythonBase: baseImages.python,
    memoryMiB: 1024,
    log: quietLog,
  });
}

async function startBare(docker: Docker): Promise<number> {
  const start = performance.now();
  const container = await docker.createContainer({
    Image: baseImages.node,
    Cmd: ['node', '-e', 'require("http").createServer((q, a) => a.end("{}")).listen(8080)'],
    ExposedPorts: { '8080/tcp': {} },
    HostConfig: { PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } },
  });
  try {
    await container.start();
    const { NetworkSettings } = await container.inspect();
    const url = `http://127.0.0.1:${NetworkSettings.Ports['8080/tcp']?.[0]?.HostPort ?? ''}`;
    while (!(await fetch(url).catch(() => undefined))?.ok) await wait(10);
    return performance.now() - start;
  } finally {
    await container.remove({ force: true });
  }
}

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
import { median, printTable } from './table';

const rounds = 5;
const task = { signal: new AbortController().signal, report: () => undefined };

/** From *Serve* to the first prediction with a warm image, against the bare start of a container that answers HTTP. */
export async function measureServe(model: string): Promise<void> {
  const docker = new Docker();
  if (!(await answers(docker))) return void process.stdout.write('Serve: no Docker engine answers.\n\n');
  await ensureBaseImages(docker);
  const engine = new ContainerEngine({
    dist: resolve('dist'),
    version,
    host: '',
    nodeBase: baseImages.node,
    pythonBase: baseImages.python,
    memoryMiB: 1024,
    log: quietLog,
  });
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

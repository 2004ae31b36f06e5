import { createReadStream } from 'node:fs';
import { open, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectModel } from '../../src/core/model/inspectModel';
import { median, printTable } from './table';

const gigabyte = 2 ** 30;

/** Time to the signature of a model with 2 GB of weights, against reading the file once. */
export async function measureSignature(model: string, folder: string): Promise<void> {
  const large = join(folder, 'large.onnx');
  await writeLargeModel(model, large);
  const times: number[] = [];
  for (let run = 0; run < 21; run++) {
    const start = performance.now();
    await inspectModel(large);
    times.push(performance.now() - start);
  }
  const start = performance.now();
  for await (const chunk of createReadStream(large, { highWaterMark: 2 ** 20 })) void chunk;
  const whole = performance.now() - start;
  printTable(
    ['a model of 2 GB', 'ms', 'ours is'],
    [
      ['Slipway, signature', median(times).toFixed(2), ''],
      ['reading the file once', whole.toFixed(0), `${(median(times) / whole).toFixed(5)} ×`],
    ],
  );
}

/**
 * The model again, with one initializer of 2 GB of zeros (a hole in the file) at the end of its graph.
 * Protobuf: a message field given twice is merged, so a second `graph` field adds to the first.
 */
async function writeLargeModel(model: string, path: string): Promise<void> {
  const dims = [0x08, ...varint(gigabyte / 2)];
  const rawData = [0x4a, ...varint(2 * gigabyte)];
  const type = [0x10, 0x01];
  const tensorLength = dims.length + type.length + rawData.length + 2 * gigabyte;
  const initializer = [0x2a, ...varint(tensorLength)];
  const graph = [0x3a, ...varint(initializer.length + tensorLength)];
  const head = Buffer.concat([
    await readFile(model),
    Buffer.from([...graph, ...initializer, ...dims, ...type, ...rawData]),
  ]);
  const file = await open(path, 'w');
  await file.write(head);
  await file.close();
  await truncate(path, head.length + 2 * gigabyte);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

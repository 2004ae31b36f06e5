import Docker from 'dockerode';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './command';
import { answers } from './engine';
import { temporaryFolder } from './workspace';

/** A Docker engine on a machine of its own: a network namespace, which is reached by its address alone. */
export interface FarEngine {
  /** By its socket, for what a test makes ready and clears away. */
  docker: Docker;
  /** Address of that socket, for who is on that machine. */
  socket: string;
  /** What runs a command on that machine when it is put in front. */
  enter: string[];
  stop(): Promise<void>;
}

/** Address of the machine, as seen from here. */
export const farAddress = '10.231.17.2';
const namespace = 'slipway-far';
const link = { here: 'slipway-far0', there: 'slipway-far1' };

/** Starts one; Linux only, as root. `options` are those of dockerd, such as where else it listens. */
export async function startFarEngine(options: string[] = []): Promise<FarEngine> {
  const folder = await temporaryFolder('far');
  await removeNetwork();
  await makeNetwork();
  const enter = ['nsenter', `--net=/run/netns/${namespace}`];
  const socketPath = join(folder, 's.sock');
  const log = join(folder, 'log');
  const output = openSync(log, 'w');
  const [command = '', ...words] = [
    ...[...enter, '/usr/sbin/dockerd', '--data-root', join(folder, 'data'), '--exec-root', join(folder, 'x')],
    ...['--pidfile', join(folder, 'pid'), '--host', `unix://${socketPath}`, ...options],
  ];
  const daemon = spawn(command, words, { stdio: ['ignore', output, output] });
  closeSync(output);
  const stop = async () => {
    const ended = daemon.exitCode === null && daemon.signalCode === null && once(daemon, 'exit');
    daemon.kill('SIGTERM');
    await ended;
    await removeNetwork();
  };
  const docker = new Docker({ socketPath });
  for (let attempt = 0; attempt < 60 && daemon.exitCode === null; attempt++) {
    if (await answers(docker)) return { docker, socket: `unix://${socketPath}`, enter, stop };
    await sleep(500);
  }
  await stop();
  throw new Error(`The far engine did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`);
}

async function makeNetwork(): Promise<void> {
  const ip = (words: string) => run('ip', words.split(' '));
  await ip(`netns add ${namespace}`);
  await ip(`link add ${link.here} type veth peer name ${link.there} netns ${namespace}`);
  await ip(`addr add 10.231.17.1/30 dev ${link.here}`);
  await ip(`link set ${link.here} up`);
  await ip(`-n ${namespace} addr add ${farAddress}/30 dev ${link.there}`);
  await ip(`-n ${namespace} link set ${link.there} up`);
  await ip(`-n ${namespace} link set lo up`);
}

/** Also what a run has left that was killed. */
async function removeNetwork(): Promise<void> {
  await run('ip', ['link', 'delete', link.here]).catch(() => undefined);
  await run('ip', ['netns', 'delete', namespace]).catch(() => undefined);
}

import { PassThrough } from 'node:stream';
import { connect } from '../../core/docker/connect';
import { containerName, createHardened, removeContainer } from '../../core/docker/containers';
import { labels } from '../../core/docker/labels';
import { messageOf } from '../../core/errors';
import type { Launch } from './launch';

export interface SealedOptions {
  /** Address of the Docker engine; empty for the usual one. */
  host: string;
  /** Image that holds the worker and the model. */
  image: string;
  name: string;
  memoryMiB: number;
}

/** A container has three streams: the shell makes the worker's fourth of its output, and its output of the error stream. */
const worker = ['sh', '-c', 'exec python3 -u /slipway/python/worker.py 3>&1 1>&2'];

/**
 * A worker in a container without network, files that can be written, or rights: all it has is its model, and the pipe to this
 * process. It ends when the pipe does.
 */
export function sealedContainer(options: SealedOptions): Launch {
  return () => {
    const input = new PassThrough();
    const output = new PassThrough();
    let kill = (): void => undefined;
    const ended = run(options, input, output, (end) => (kill = end)).catch(
      (error: unknown) => `could not be started: ${messageOf(error)}`,
    );
    return { input, output, kill: () => kill(), ended };
  };
}

async function run(
  { host, image, name, memoryMiB }: SealedOptions,
  input: PassThrough,
  output: PassThrough,
  onKill: (end: () => void) => void,
): Promise<string> {
  const docker = connect(host);
  let killed = false;
  onKill(() => (killed = true));
  const container = await createHardened(docker, {
    name: containerName(`${name}-worker`),
    Image: image,
    Labels: { [labels.kind]: 'worker', [labels.model]: name },
    publish: {},
    Entrypoint: worker,
    Cmd: [],
    network: 'none',
    memoryMiB,
    attached: true,
  });
  const end = () => void removeContainer(docker, container.id).catch(() => undefined);
  onKill(end);
  const streams = { stream: true, stdin: true, stdout: true, stderr: true, hijack: true };
  const pipe = await container.attach(streams);
  const { modem } = docker as { modem: { demuxStream(from: unknown, out: unknown, err: unknown): void } };
  modem.demuxStream(pipe, output, process.stderr);
  input.pipe(pipe);
  // It is removed as soon as it ends, so that the question must be asked before.
  const exit = container.wait({ condition: 'next-exit' }) as Promise<{ StatusCode: number }>;
  await container.start();
  if (killed) end();
  const { StatusCode: code } = await exit;
  return code === 137 ? 'was ended, perhaps because it needed too much memory' : `exited with code ${code}`;
}

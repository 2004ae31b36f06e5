import Docker from 'dockerode';
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { labels } from '../../../src/core/docker/labels';
import { removeAbandoned } from '../../../src/core/image/buildNotes';
import { baseImages } from '../../host/baseImages';
import { until } from '../endpoint/support';

const docker = new Docker();

describe('what a build leaves whose process is killed', () => {
  const children: ChildProcess[] = [];
  let watching: AbortController;

  beforeEach(() => (watching = new AbortController()));
  afterEach(async () => {
    watching.abort();
    for (const child of children) await kill(child);
    for (const note of await notes(children)) await docker.getVolume(note).remove();
    children.splice(0);
    await docker.pruneImages({ filters: { dangling: ['true'], label: ['dev.slipway.test'] } });
  });

  it('goes when somebody looks, and what others build stays', async () => {
    const dead = await startBuild('dead');
    await startBuild('living');
    await until(async () => (await images('dead')).length === 1 && (await images('living')).length === 1);
    assert.equal((await notes(children)).length, 2);
    await kill(dead);
    void removeAbandoned(docker, watching.signal);
    await until(async () => (await images('dead')).length === 0);
    assert.equal((await images('living')).length, 1);
  });

  it('goes also where the engine makes it after that', async () => {
    const child = await startBuild('late');
    await kill(child);
    const [note] = await notes(children);
    await until(async () => (await containers()).length === 0);
    void removeAbandoned(docker, watching.signal);
    await until(async () => (await images('late')).length === 0);
    await leaveImage('late', note ?? '');
    await until(async () => (await images('late')).length === 0, 30_000);
    await until(async () => (await notes(children)).length === 0, 30_000);
  }).timeout(60_000);

  it('is noted with the machine: of others, only what is a day old goes', async () => {
    const hour = 60 * 60 * 1000;
    await makeNote('slipway-build-young', 'elsewhere', Date.now() - hour);
    await makeNote('slipway-build-old', 'elsewhere', Date.now() - 25 * hour);
    await leaveImage('young', 'slipway-build-young');
    await leaveImage('old', 'slipway-build-old');
    void removeAbandoned(docker, watching.signal);
    await until(async () => (await images('old')).length === 0);
    assert.equal((await images('young')).length, 1);
  });

  /** Resolves when the step runs that does not end. */
  async function startBuild(label: string): Promise<ChildProcess> {
    const script = 'test/docker/image/buildInChild.ts';
    const words = [baseImages.node, `slipway-test/${label}:1`, label];
    const child = spawn(process.execPath, ['--import', 'tsx', script, ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    for await (const piece of child.stdout) if (/it runs/.test(String(piece))) return child;
    throw new Error('The child ended before its build had begun.');
  }
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function images(label: string): Promise<string[]> {
  const filters = { dangling: ['true'], label: [`dev.slipway.test=${label}`] };
  return (await docker.listImages({ filters })).map(({ Id }) => Id);
}

/** Of this test's processes. */
async function notes(children: ChildProcess[]): Promise<string[]> {
  const pids = [process, ...children].map(({ pid }) => String(pid));
  const filters = { label: [`${labels.kind}=build`] };
  const { Volumes } = await docker.listVolumes({ filters });
  return Volumes.filter(({ Labels }) => pids.includes(Labels[labels.pid] ?? '')).map(({ Name }) => Name);
}

/** Of steps that run. */
async function containers(): Promise<string[]> {
  const filters = { ancestor: [baseImages.node], label: ['dev.slipway.test'] };
  return (await docker.listContainers({ all: true, filters })).map(({ Id }) => Id);
}

async function makeNote(name: string, host: string, created: number): Promise<void> {
  const Labels = {
    [labels.kind]: 'build',
    [labels.created]: new Date(created).toISOString(),
    [labels.host]: host,
    [labels.pid]: String(process.pid),
  };
  await docker.createVolume({ Name: name, Labels });
}

/** An image without a name, as a step leaves one. */
async function leaveImage(label: string, note: string): Promise<void> {
  const container = await docker.createContainer({ Image: baseImages.node });
  await container.commit({
    changes: `LABEL dev.slipway.test=${label}\nLABEL ${labels.build}=${note}`,
  });
  await container.remove();
}

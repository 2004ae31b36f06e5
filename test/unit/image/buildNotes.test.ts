import type Docker from 'dockerode';
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { connect } from '../../../src/core/docker/connect';
import { labels } from '../../../src/core/docker/labels';
import { noted, removeAbandoned } from '../../../src/core/image/buildNotes';
import { FakeEngine, Refusal } from '../../host/fakeEngine';
import { cancellable } from '../../host/silentAt';
import { eventually } from '../server/support/serverProcess';

describe('the note of a build', () => {
  let engine: FakeEngine;
  let docker: Docker;
  /** Of the engine, by the name of its volume. */
  let notes: Map<string, Record<string, string>>;
  let prunes: string[];

  beforeEach(async () => {
    notes = new Map();
    prunes = [];
    engine = await FakeEngine.start({
      '/volumes': () => ({ Volumes: [...notes].map(([Name, Labels]) => ({ Name, Labels })) }),
      '/volumes/create': {},
      '/images/prune': (query: URLSearchParams) => {
        prunes.push(query.get('filters') ?? '');
        return {};
      },
    });
    docker = connect(engine.host);
  });
  afterEach(() => engine.stop());

  const asked = (what: RegExp) => engine.asked.filter((one) => what.test(one)).length;

  it('is there while it builds, and is taken away', async () => {
    const image = await noted(docker, 'an image', cancellable(), (id) => {
      assert.match(id, /^slipway-build-/);
      assert.equal(asked(/POST \/volumes\/create/), 1);
      assert.equal(asked(/DELETE/), 0);
      return Promise.resolve('image');
    });
    assert.equal(image, 'image');
    assert.equal(asked(/DELETE \/volumes\/slipway-build-/), 1);
    assert.deepEqual(prunes, []);
  });

  it('goes with what a build left that failed', async () => {
    let id = '';
    const fails = noted(docker, 'an image', cancellable(), (given) => {
      id = given;
      throw new Error('no space');
    });
    await assert.rejects(fails, { message: 'no space' });
    assert.deepEqual(prunes, [`{"dangling":["true"],"label":["${labels.build}=${id}"]}`]);
    assert.equal(asked(/DELETE \/volumes\/slipway-build-/), 1);
  });

  it('stays for a while after a cancel, and what the engine left until then is removed again', async () => {
    const task = cancellable();
    const ends = noted(docker, 'an image', task, async (id) => {
      notes.set(id, await ownLabels());
      task.cancel();
      task.signal.throwIfAborted();
    });
    await assert.rejects(ends, { name: 'AbortError' });
    assert.equal(asked(/DELETE/), 0);
    // At once, and again at once and later by whoever finds the note.
    await eventually(() => prunes.length === 3);
    assert.equal(new Set(prunes).size, 1);
  });

  it('is no condition: who may have no volumes can build', async () => {
    engine.answers['/volumes/create'] = new Refusal(403, 'volumes are forbidden');
    const task = cancellable();
    assert.equal(await noted(docker, 'an image', task, () => Promise.resolve('image')), 'image');
    assert.equal(task.reports.length, 1);
    assert.match(task.reports[0] ?? '', /^The build could not be noted: .*volumes are forbidden/);
  });

  it('waits while the engine removes for somebody else', async () => {
    let busy = 2;
    engine.answers['/images/prune'] = () =>
      busy-- > 0 ? new Refusal(409, 'a prune operation is already running') : {};
    const task = cancellable();
    await assert.rejects(noted(docker, 'an image', task, () => Promise.reject(new Error('no'))));
    assert.equal(busy, -1);
    assert.deepEqual(task.reports, []);
  });

  it('leaves alone what is built elsewhere, also where the machine has the same name', async () => {
    const own = await ownLabels();
    // A container or WSL has the name of its machine, and processes of its own.
    notes.set('slipway-build-elsewhere', { ...own, [labels.host]: hostname(), [labels.pid]: '999999999' });
    notes.set('slipway-build-gone', { ...own, [labels.pid]: '999999999' });
    void removeAbandoned(docker);
    await eventually(() => prunes.length > 1);
    assert.ok(prunes.every((filters) => filters.includes('slipway-build-gone')));
  });

  /** As this process writes them. */
  async function ownLabels(): Promise<Record<string, string>> {
    let written: Record<string, string> = {};
    const spy = {
      createVolume: ({ Labels }: Docker.VolumeCreateOptions) =>
        Promise.resolve(void (written = Labels ?? {})),
      listVolumes: () => Promise.resolve({ Volumes: [] }),
      getVolume: () => ({ remove: () => Promise.resolve() }),
    };
    await noted(spy as unknown as Docker, 'an image', cancellable(), () => Promise.resolve());
    return written;
  }
});

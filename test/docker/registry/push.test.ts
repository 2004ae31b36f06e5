import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { deploy } from '../../../src/core/release/deploy';
import { startRegistry, type TestRegistry } from '../../host/registry';
import { startWire, type Wire } from '../../host/wire';
import { cleanUp, docker, leftoversOf, subjectOf, targetOf, type Subject } from '../target/support';
import { forgetImages, listening, namesBy, tagsOf } from './support';

const name = 'registry-push-test';
/** So much has gone to a registry when the push of a layer is under way. */
const MIDDLE = 3_000_000;

describe('a push', () => {
  let registry: TestRegistry;
  let wire: Wire;
  let iris: Subject;

  before(async () => {
    iris = await subjectOf('iris');
    await cleanUp(name);
  });
  // What one test has pushed, the next one would not send.
  beforeEach(async () => {
    registry = await startRegistry();
    wire = await startWire(registry.host);
  });
  afterEach(async () => {
    await cleanUp(name);
    await forgetImages(registry.host);
    await forgetImages(wire.host);
    await wire.remove();
    await registry.remove();
  });

  it('gives each release a tag of its own, which never moves', async () => {
    const target = targetOf(name, { registry: registry.host });
    const places: string[] = [];
    for (const commit of ['aaa', 'bbb', 'aaa']) {
      places.push((await deploy(target, { ...iris, commit, anyway: true }, listening().task)).release.digest);
    }
    const [first = '', second = '', again] = places;
    assert.notEqual(second, first);
    assert.equal(again, first);
    const tagOf = (place: string) =>
      `${iris.model.hash.slice(0, 12)}-${place.split('@sha256:')[1]?.slice(0, 8)}`;
    const tags = await tagsOf(registry.host, 'iris');
    const ofReleases = tags.filter((tag) => tag.includes('-'));
    assert.deepEqual(ofReleases, [tagOf(first), tagOf(second)].sort());
    assert.equal(tags.length, 3, 'and one for the image as the engine pushed it');

    await cleanUp(name);
    await forgetImages(registry.host);
    for (const place of [first, second]) {
      const pulled = `${registry.host}/iris:${tagOf(place)}`;
      await pull(pulled);
      assert.ok((await docker.getImage(pulled).inspect()).RepoDigests.includes(place), place);
    }
  });

  it('whose connection is cut goes on and ends well', async () => {
    const { task, said } = listening();
    const cut = wire.cutAfter(MIDDLE);
    const { release } = await deploy(targetOf(name, { registry: wire.host }), iris, task);
    await cut;
    assert.match(release.digest, new RegExp(`^${wire.host}/iris@sha256:`));
    assert.equal((await tagsOf(registry.host, 'iris')).length, 2, said.join('\n'));
  });

  it('to a registry that is killed in the middle ends well when that is back', async () => {
    let restarted: Promise<void> | undefined;
    const { task, said } = listening(undefined, (line) => {
      if (!/^Pushing .*\([1-9]\d* of/.test(line)) return;
      restarted ??= registry.stop().then(async () => {
        await sleep(1000);
        await registry.start();
      });
    });
    await deploy(targetOf(name, { registry: registry.host }), iris, task);
    assert.ok(restarted, said.join('\n'));
    await restarted;
    assert.equal((await tagsOf(registry.host, 'iris')).length, 2);
  });

  it('that the engine gives up is begun again', async () => {
    let restarted: Promise<void> | undefined;
    const { task, said } = listening(undefined, (line) => {
      if (!restarted && /^Pushing to \S+$/.test(line)) void registry.stop();
      if (/^Pushing .* again soon: /.test(line)) restarted ??= registry.start();
    });
    await deploy(targetOf(name, { registry: registry.host }), iris, task);
    assert.ok(restarted, said.join('\n'));
    assert.equal((await tagsOf(registry.host, 'iris')).length, 2);
  });

  it('that is cancelled stops at once and leaves nothing with half a name', async () => {
    const target = targetOf(name, { registry: wire.host });
    const cancel = new AbortController();
    let cancelled = 0;
    void wire.holdAfter(MIDDLE).then(() => {
      cancelled = Date.now();
      cancel.abort();
    });
    await assert.rejects(deploy(target, iris, listening(cancel.signal).task), { name: 'AbortError' });
    assert.ok(cancelled > 0 && Date.now() - cancelled < 2000, `${Date.now() - cancelled} ms`);
    assert.deepEqual(await namesBy(wire.host), []);
    assert.deepEqual(await leftoversOf(name), []);
    assert.deepEqual(await tagsOf(registry.host, 'iris'), []);

    wire.release();
    await deploy(target, iris, listening().task);
    assert.equal((await tagsOf(registry.host, 'iris')).length, 2);
  });
});

async function pull(image: string): Promise<void> {
  const stream = await docker.pull(image);
  await new Promise<void>((resolve, reject) =>
    docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())),
  );
}

import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import type { UserError } from '../../../src/core/errors';
import type { Platform } from '../../../src/core/image/baseImage';
import type { IndexEntry } from '../../../src/core/image/registry/imageIndex';
import { pullFrom } from '../../../src/core/image/registry/pullFrom';
import { Registry } from '../../../src/core/image/registry/registry';
import { repositoryOf } from '../../../src/core/image/registry/repository';
import { deploy } from '../../../src/core/release/deploy';
import { buildForCluster } from '../../../src/core/target/kubernetes/build';
import { baseImages } from '../../host/baseImages';
import { startRegistry, type TestRegistry } from '../../host/registry';
import {
  cleanUp,
  docker,
  leftoversOf,
  predict,
  subjectOf,
  targetOf,
  taskOf,
  type Subject,
} from '../target/support';
import { addArm64, pushAs } from './severalPlatforms';
import { forgetImages, listening, tagsOf } from './support';

const name = 'platforms-test';
const both: Platform[] = ['linux/amd64', 'linux/arm64'];
const binaries = '/slipway/node_modules/onnxruntime-node/bin/napi-v6/linux';

/** The engine's own machine decides what serves here, and the base images for others are made for this one only. */
describe('images for machines', () => {
  let registry: TestRegistry;
  let iris: Subject;
  let base: string;

  before(async function () {
    if ((await docker.version()).Arch !== 'amd64') return this.skip();
    iris = await subjectOf('iris');
    await cleanUp(name);
    registry = await startRegistry();
    base = `${registry.host}/node:24`;
    await pushAs(registry.host, baseImages.node, 'node:24');
    await pushAs(registry.host, baseImages.node, 'lonely:24');
    await addArm64(registry.host, 'node:24');
    await forgetImages(registry.host);
  });
  afterEach(() => cleanUp(name));
  after(async () => {
    if (!registry) return;
    await removeBuilt(registry.host);
    await forgetImages(registry.host);
    await registry.remove();
  });

  it('of several kinds are pushed under an index of all, from which the engine takes its own', async () => {
    const target = targetOf(name, { registry: registry.host, platforms: both }, base);
    const { task, said } = listening();
    const { release } = await deploy(target, iris, task);
    assert.equal((await predict(release.stableUrl ?? '')).status, 200);

    const entries = await entriesOf(registry.host, release.digest);
    const told = entries.map(({ platform }) => `${platform?.os}/${platform?.architecture}`);
    assert.deepEqual(told, both);
    for (const [index, [folder, machine]] of (
      [
        ['x64', 62],
        ['arm64', 183],
      ] as const
    ).entries()) {
      const place = `${registry.host}/iris@${entries[index]?.digest}`;
      const platform = both[index];
      await pullFrom(docker, place, taskOf(), platform);
      const { Os, Architecture } = await docker.getImage(place).inspect();
      assert.equal(`${Os}/${Architecture}`, platform);
      assert.deepEqual(await machinesIn(place), { [folder]: machine });
    }

    assert.equal((await docker.getImage(base).inspect()).Architecture, 'amd64', 'the name stays');
    const tags = await tagsOf(registry.host, 'iris');
    const digest = release.digest.split('@sha256:')[1] ?? '';
    assert.ok(tags.includes(`${iris.model.hash.slice(0, 12)}-${digest.slice(0, 8)}`), tags.join());
    assert.equal(tags.length, 3);

    said.length = 0;
    assert.equal((await deploy(target, iris, task)).unchanged, true);
    assert.ok(!said.some((line) => /^(Pushing|Building|Pulling)/.test(line)), said.join('\n'));
  });

  it('of another kind than the engine are built for a cluster, on a base image that the engine pushed itself', async () => {
    await pushAs(registry.host, baseImages.node, 'own:24');
    await addArm64(registry.host, 'own:24');
    const options = {
      host: '',
      ...{
        nodeBase: `${registry.host}/own:24`,
        pythonBase: baseImages.python,
        dist: resolve('dist'),
        version: '0.0.0',
      },
      platforms: ['linux/arm64' as const],
      trusted: () => true,
      checkPush: () => Promise.resolve(),
      push: () => Promise.reject(new Error('nothing is pushed here')),
    };
    const [image, ...others] = await buildForCluster(options, iris, taskOf());
    assert.deepEqual(others, []);
    assert.equal((await docker.getImage(image).inspect()).Architecture, 'arm64');
  });

  it('that the engine is not are refused before anything is built', async () => {
    const target = targetOf(name, { registry: registry.host, platform: 'linux/arm64' }, base);
    const { task, said } = listening();
    await assert.rejects(deploy(target, iris, task), (error: UserError) => {
      assert.equal(error.code, 'engine-refused');
      assert.match(
        error.message,
        /runs on linux\/amd64, but in slipway\.json the target is for linux\/arm64\.$/,
      );
      return true;
    });
    assert.ok(!said.some((line) => /^(build|push)/i.test(line)), said.join('\n'));
  });

  it('that the base image is not for are refused before anything is pushed', async () => {
    const lonely = `${registry.host}/lonely:24`;
    const target = targetOf(name, { registry: `${registry.host}/lonely`, platforms: both }, lonely);
    const { task, said } = listening();
    await assert.rejects(deploy(target, iris, task), (error: UserError) => {
      assert.equal(error.code, 'build-failed');
      assert.match(
        error.message,
        /lonely:24 is for linux\/amd64, and for linux\/arm64 Slipway can not get it: /,
      );
      assert.match(error.next ?? '', /^Name an image in slipway\.image\.nodeBase /);
      return true;
    });
    assert.ok(!said.some((line) => /^push/i.test(line)), said.join('\n'));
    assert.deepEqual(await tagsOf(registry.host, 'lonely/iris'), []);
    assert.deepEqual(await leftoversOf(name), []);
  });

  it('that the engine is pass', async () => {
    const { release } = await deploy(targetOf(name, { platform: 'linux/amd64' }), iris, listening().task);
    assert.equal((await predict(release.stableUrl ?? '')).status, 200);
  });
});

async function entriesOf(host: string, place: string): Promise<IndexEntry[]> {
  const opened = await Registry.open(repositoryOf(host, 'iris'), taskOf().signal);
  const manifest = await opened.manifest(place.split('@')[1] ?? '', taskOf().signal);
  assert.equal(manifest?.mediaType, 'application/vnd.oci.image.index.v1+json');
  return (JSON.parse(manifest.bytes.toString()) as { manifests: IndexEntry[] }).manifests;
}

/**
 * For which machines the libraries of onnxruntime in an image are, by their folder: 62 is x86-64, 183 is AArch64.
 * @see https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
 */
async function machinesIn(image: string): Promise<Record<string, number>> {
  const container = await docker.createContainer({ Image: image });
  try {
    const found: Record<string, number> = {};
    const files = (await container.getArchive({ path: binaries })).pipe(extract());
    for await (const file of files) {
      const [, folder = ''] = /^linux\/([^/]+)\/onnxruntime_binding\.node$/.exec(file.header.name) ?? [];
      const content = await buffer(file);
      if (folder) found[folder] = content.readUInt16LE(18);
    }
    return found;
  } finally {
    await container.remove();
  }
}

/** Removes what was built on the base images of a registry: no other test can use it. */
async function removeBuilt(host: string): Promise<void> {
  const label = ['dev.slipway.kind=runtime'];
  const runtimes = await docker.listImages({ filters: { label } });
  const ours = new Set(
    runtimes.filter(({ Labels }) => Labels['dev.slipway.base']?.startsWith(`${host}/`)).map(({ Id }) => Id),
  );
  const models = await docker.listImages({ filters: { label: ['dev.slipway.kind=model'] } });
  for (const { Id, Labels } of models) {
    if (Labels['dev.slipway.base']?.startsWith(`${host}/`)) await docker.getImage(Id).remove({ force: true });
  }
  for (const id of ours) await docker.getImage(id).remove({ force: true });
}

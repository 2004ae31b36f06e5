import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { UserError } from '../../../src/core/errors';
import { Registry } from '../../../src/core/image/registry/registry';
import { repositoryOf } from '../../../src/core/image/registry/repository';
import { deploy, type DeployTask } from '../../../src/core/release/deploy';
import { startRegistry, type TestRegistry } from '../../host/registry';
import { temporaryFolder } from '../../host/workspace';
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
import { forgetImages, listening } from './support';

const name = 'registry-test';
const user = { name: 'ada', password: 'planted-secret-4711' };

describe('a registry with TLS and a password', () => {
  let registry: TestRegistry;
  let iris: Subject;
  let said: string[];
  const before_ = process.env['DOCKER_CONFIG'];

  before(async () => {
    iris = await subjectOf('iris');
    registry = await startRegistry({ user, tls: true });
    await cleanUp(name);
  });
  after(async () => {
    if (before_ === undefined) delete process.env['DOCKER_CONFIG'];
    else process.env['DOCKER_CONFIG'] = before_;
    await registry?.remove();
  });
  beforeEach(async () => {
    said = [];
    await logIn(user.password);
  });
  afterEach(async () => {
    await cleanUp(name);
    assert.ok(!said.join('\n').includes(user.password), 'the password is never told');
    await forgetImages(registry.host);
  });

  it('takes a release, which the engine gets from there when it has lost it', async () => {
    const { release } = await deploy(target(), iris, task());
    assert.match(release.digest, new RegExp(`^${registry.host}/models/iris@sha256:[0-9a-f]{64}$`));
    assert.ok(
      said.some((line) => /^push done /.test(line)),
      said.join('\n'),
    );
    assert.equal((await predict(release.stableUrl ?? '')).status, 200);
    const { Image } = await docker.getContainer(`slipway-${name}.iris-r1`).inspect();
    await cleanUp(name);
    await docker.getImage(Image).remove({ force: true });
    const again = await target().apply(iris, release.digest, task());
    assert.equal(again.digest, release.digest);
    const labels = JSON.stringify((await docker.getContainer(`slipway-${name}.iris-r1`).inspect()).Config);
    assert.ok(!labels.includes(user.password));
  });

  it('gives an image that is gone from the engine with the last release', async () => {
    const other = { ...iris, model: { ...iris.model, serverArguments: ['--max-batch', '9'] } };
    const { release } = await deploy(target(), other, task());
    const { Image } = await docker.getContainer(`slipway-${name}.iris-r1`).inspect();
    assert.deepEqual(await target().remove(release, taskOf()), []);
    await assert.rejects(docker.getImage(Image).inspect(), { statusCode: 404 });
  });

  it('gives releases of one image, of which each can go without the others', async () => {
    await deploy(target(), iris, task());
    const { release } = await deploy(target(), { ...iris, anyway: true }, task());
    const [first] = (await target().list(taskOf().signal)).filter(({ revision }) => revision === 1);
    assert.ok(first);
    assert.equal(first.digest, release.digest);
    assert.deepEqual(await target().remove(first, taskOf()), []);
    assert.equal((await target().promote(release, taskOf())).traffic, 100);
    assert.deepEqual(await target().remove(release, taskOf()), []);
    assert.deepEqual(await leftoversOf(name), []);
  });

  it('says with the image what is in it', async () => {
    const { release } = await deploy(target(), { ...iris, commit: 'abc' }, task());
    const [, digest = ''] = release.digest.split('@');
    const opened = await Registry.open(repositoryOf(`${registry.host}/models`, 'iris'), taskOf().signal);
    const manifest = await opened.manifest(digest, taskOf().signal);
    assert.equal(manifest?.digest, digest);
    const { annotations, mediaType } = JSON.parse(manifest.bytes.toString()) as {
      mediaType: string;
      annotations: Record<string, string>;
    };
    assert.equal(mediaType, 'application/vnd.oci.image.manifest.v1+json');
    assert.equal(annotations['dev.slipway.model-hash'], iris.model.hash);
    assert.equal(annotations['org.opencontainers.image.revision'], 'abc');
    assert.match(annotations['dev.slipway.samples-hash'] ?? '', /^[0-9a-f]{64}$/);
  });

  it('is sent nothing that it has already', async () => {
    await deploy(target(), iris, task());
    said = [];
    const { unchanged } = await deploy(target(), iris, task());
    assert.equal(unchanged, true);
    assert.ok(!said.some((line) => line.startsWith('Pushing')), said.join('\n'));
  });

  it('that knows somebody else refuses before anything is built, and says how to log in', async () => {
    await logIn('wrong');
    await assert.rejects(deploy(target(), iris, task()), (error: UserError) => {
      assert.equal(error.code, 'registry-refused');
      assert.match(
        error.message,
        /could not push to .*models\/iris: .*(unauthorized|authentication required)/i,
      );
      assert.equal(error.next, `Log in: docker login ${registry.host} as somebody who may.`);
      return true;
    });
    assert.ok(!said.some((line) => line.startsWith('build')), said.join('\n'));
    await writeFile(join(process.env['DOCKER_CONFIG'] ?? '', 'config.json'), '{}');
    await assert.rejects(deploy(target(), iris, task()), { message: /has no credentials for/ });
    assert.deepEqual(await leftoversOf(name), []);
  });

  it('that is away is named, and what serves goes on', async () => {
    const { release } = await deploy(target(), iris, task());
    await registry.stop();
    try {
      await assert.rejects(deploy(target(), { ...iris, anyway: true }, task()), {
        code: 'registry-unreachable',
        message: new RegExp(`^The registry ${registry.host} can not be reached: nothing listens there\\.`),
      });
      assert.equal((await predict(release.stableUrl ?? '')).status, 200);
    } finally {
      await registry.start();
    }
  });

  it('that goes away in the middle of a push leaves the release that serves', async () => {
    const { release } = await deploy(target(), iris, task());
    const other = { ...iris, model: { ...iris.model, serverArguments: ['--max-batch', '7'] } };
    const pushing = task((line) => {
      if (line.startsWith('Pushing')) void registry.stop();
    });
    try {
      await assert.rejects(deploy(target(), other, pushing), { code: /^registry-/ });
      assert.equal((await predict(release.stableUrl ?? '')).status, 200);
      assert.equal((await target().list(taskOf().signal)).length, 1);
    } finally {
      await registry.stop();
      await registry.start();
    }
    assert.equal((await deploy(target(), other, task())).release.revision, 2);
  });

  const target = () => targetOf(name, { registry: `${registry.host}/models` });

  function task(onSaid?: (line: string) => void): DeployTask {
    return listening(undefined, (line) => {
      said.push(line);
      onSaid?.(line);
    }).task;
  }

  async function logIn(password: string): Promise<void> {
    const folder = await temporaryFolder('docker-config');
    await mkdir(folder, { recursive: true });
    const auth = Buffer.from(`${user.name}:${password}`).toString('base64');
    await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
    process.env['DOCKER_CONFIG'] = folder;
  }
});

describe('a registry of this machine without TLS', () => {
  let registry: TestRegistry | undefined;

  afterEach(async () => {
    await cleanUp(`${name}-plain`);
    if (registry) await forgetImages(registry.host);
    await registry?.remove();
  });

  it('takes a release as it stands', async () => {
    registry = await startRegistry();
    const target = targetOf(`${name}-plain`, { registry: registry.host });
    const { release } = await deploy(target, await subjectOf('iris'), listening().task);
    assert.match(release.digest, new RegExp(`^${registry.host}/iris@sha256:`));
  });
});

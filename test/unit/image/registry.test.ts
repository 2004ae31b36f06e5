import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { credentialsFor, helperStart, howToLogIn } from '../../../src/core/image/registry/credentials';
import { Registry } from '../../../src/core/image/registry/registry';
import { nameOf, parseImage, parsePlace, repositoryOf } from '../../../src/core/image/registry/repository';
import { temporaryFolder } from '../../host/workspace';

const { signal } = new AbortController();

/** Docker's configuration for the time of one test. */
async function configure(config: unknown): Promise<void> {
  const folder = await temporaryFolder('docker-config');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  process.env['DOCKER_CONFIG'] = folder;
}

describe('a registry in slipway.json', () => {
  const places: [string, string][] = [
    ['ghcr.io/ada/models', 'ghcr.io/ada/models/iris'],
    ['ada', 'docker.io/ada/iris'],
    ['docker.io/ada', 'docker.io/ada/iris'],
    ['index.docker.io/ada', 'docker.io/ada/iris'],
    ['127.0.0.1:5000', '127.0.0.1:5000/iris'],
    ['localhost/a/', 'localhost/a/iris'],
    ['1234.dkr.ecr.eu-west-1.amazonaws.com', '1234.dkr.ecr.eu-west-1.amazonaws.com/iris'],
    ['europe-docker.pkg.dev/project/models', 'europe-docker.pkg.dev/project/models/iris'],
  ];
  for (const [registry, place] of places) {
    it(`${registry} has iris at ${place}`, () => assert.equal(nameOf(repositoryOf(registry, 'iris')), place));
  }

  for (const wrong of ['https://ghcr.io/ada', 'ghcr.io/Ada', 'ghcr.io//ada', 'ghcr.io/ada:latest', '']) {
    it(`can not be ${wrong || 'empty'}`, () => {
      assert.throws(() => repositoryOf(wrong, 'iris'), { code: 'config-invalid' });
    });
  }

  for (const [image, name, reference] of [
    ['node', 'docker.io/library/node', 'latest'],
    ['node:24-slim', 'docker.io/library/node', '24-slim'],
    ['ada/base@sha256:ab', 'docker.io/ada/base', 'sha256:ab'],
    ['docker.io/ada/base:1@sha256:ab', 'docker.io/ada/base', 'sha256:ab'],
    ['127.0.0.1:5000/base', '127.0.0.1:5000/base', 'latest'],
    ['127.0.0.1:5000/a/base:1.2', '127.0.0.1:5000/a/base', '1.2'],
  ] as const) {
    it(`has the base image ${image} at ${name}`, () => {
      const parsed = parseImage(image);
      assert.deepEqual([nameOf(parsed.repository), parsed.reference], [name, reference]);
    });
  }

  it('is found again in the place of an image', () => {
    const place = parsePlace('127.0.0.1:5000/a/iris@sha256:12');
    assert.deepEqual(place, { repository: { host: '127.0.0.1:5000', path: 'a/iris' }, digest: 'sha256:12' });
    assert.equal(parsePlace('sha256:12'), undefined);
  });
});

describe('credentials for a registry', () => {
  const before_ = { path: process.env['PATH'], config: process.env['DOCKER_CONFIG'] };
  afterEach(() => {
    process.env['PATH'] = before_.path;
    if (before_.config === undefined) delete process.env['DOCKER_CONFIG'];
    else process.env['DOCKER_CONFIG'] = before_.config;
  });

  const auth = Buffer.from('ada:a:b').toString('base64');

  it('are those of docker login', async () => {
    await configure({
      auths: { 'ghcr.io': { auth }, 'https://index.docker.io/v1/': { auth }, 'https://old.io/v2/': { auth } },
    });
    for (const host of ['ghcr.io', 'docker.io', 'old.io'])
      assert.deepEqual(await credentialsFor(host, signal), { username: 'ada', password: 'a:b' });
    assert.equal(await credentialsFor('quay.io', signal), undefined);
  });

  it('may be an identity token', async () => {
    await configure({ auths: { 'acr.azurecr.io': { auth, identitytoken: 'tok' } } });
    assert.deepEqual(await credentialsFor('acr.azurecr.io', signal), { identityToken: 'tok' });
  });

  it('come from the helper of the registry before the store, and from that before the file', async () => {
    await helper('own', 'echo "{\\"Username\\":\\"own\\",\\"Secret\\":\\"$(cat)\\"}"');
    await helper('store', 'echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"t\\"}"');
    await configure({ auths: { 'a.io': { auth } }, credsStore: 'store', credHelpers: { 'a.io': 'own' } });
    assert.deepEqual(await credentialsFor('a.io', signal), { username: 'own', password: 'a.io' });
    assert.deepEqual(await credentialsFor('b.io', signal), { identityToken: 't' });
  });

  it('come from the file where a helper has none', async () => {
    await helper('empty', 'echo "credentials not found in native keychain"; exit 1');
    await configure({ auths: { 'a.io': { auth } }, credsStore: 'empty' });
    assert.deepEqual(await credentialsFor('a.io', signal), { username: 'ada', password: 'a:b' });
    assert.equal(await credentialsFor('b.io', signal), undefined);
  });

  it('that a helper fails to give are named, with how to log in', async () => {
    await helper('broken', 'echo "the keychain is locked" >&2; exit 1');
    await configure({ credsStore: 'broken' });
    await assert.rejects(credentialsFor('a.io', signal), {
      code: 'registry-refused',
      message: /docker-credential-broken failed: the keychain is locked\.$/,
      next: 'Log in: docker login a.io',
    });
    await configure({ credsStore: 'missing' });
    await assert.rejects(credentialsFor('a.io', signal), {
      message: /docker-credential-missing is not installed/,
    });
  });

  it('that a helper writes before it fails are not shown', async () => {
    await helper('chatty', 'echo "{\\"Username\\":\\"ada\\",\\"Secret\\":\\"planted\\"}"; exit 3');
    await configure({ credsStore: 'chatty' });
    await assert.rejects(credentialsFor('a.io', signal), (error: Error) => {
      assert.match(error.message, /docker-credential-chatty failed: exit code 3\.$/);
      return !String(error.stack).includes('planted');
    });
  });

  it('whose helper is missing or can not be run are told with what to do', async () => {
    await configure({ credsStore: 'missing' });
    await assert.rejects(credentialsFor('a.io', signal), {
      next: /^Install docker-credential-missing, or take it out of Docker's config\.json/,
    });
    await chmod(await helper('locked', ''), 0o644);
    await configure({ credsStore: 'locked' });
    await assert.rejects(credentialsFor('a.io', signal), {
      message: /docker-credential-locked can not be run \(EACCES\)\.$/,
    });
  });

  it('are not asked of a helper whose name could lead elsewhere', async () => {
    for (const name of ['x/../../evil', 'x & calc', '%PATH%', 'a"b', 'a\nb']) {
      await configure({ credsStore: name });
      await assert.rejects(credentialsFor('a.io', signal), {
        code: 'registry-refused',
        message: /in a helper, but its name may have only letters, digits, ".", "_" and "-"\.$/,
        next: /^Correct "credsStore" or "credHelpers" in Docker's config\.json\. Log in: /,
      });
    }
  });

  it('are not waited for when the task is cancelled', async () => {
    await helper('slow', 'exec sleep 600');
    await configure({ credsStore: 'slow' });
    await assert.rejects(credentialsFor('a.io', AbortSignal.timeout(100)), { name: 'TimeoutError' });
  });

  it('in a file that is broken are not shown', async () => {
    await configure('{"auths": {"a.io": {"auth": "c2VjcmV0"');
    await assert.rejects(credentialsFor('a.io', signal), (error: Error) => {
      assert.match(error.message, /config\.json can not be read: it is no JSON/);
      return !JSON.stringify(error, Object.getOwnPropertyNames(error)).includes('c2VjcmV0');
    });
  });

  it('are asked for by the name that each cloud has', () => {
    assert.match(
      howToLogIn('1.dkr.ecr.eu-west-1.amazonaws.com'),
      /aws ecr get-login-password --region eu-west-1 \|/,
    );
    assert.match(howToLogIn('models.azurecr.io'), /az acr login --name models$/);
    assert.match(
      howToLogIn('europe-docker.pkg.dev'),
      /gcloud auth configure-docker europe-docker\.pkg\.dev$/,
    );
    assert.equal(howToLogIn('docker.io'), 'Log in: docker login');
  });

  /** An executable `docker-credential-NAME` that comes first on the path. */
  async function helper(name: string, script: string): Promise<string> {
    const folder = await temporaryFolder('helper');
    await mkdir(folder, { recursive: true });
    const file = join(folder, `docker-credential-${name}`);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
    process.env['PATH'] = `${folder}:${process.env['PATH']}`;
    return file;
  }
});

describe('the helper of a registry on Windows', () => {
  const endings = '.COM;.EXE;.BAT;.CMD';
  const start = (path: string | undefined, pathExt?: string) =>
    helperStart('docker-credential-gcloud', { platform: 'win32', path, endings: pathExt });

  async function folderWith(...endingsOfFiles: string[]): Promise<string> {
    const folder = await temporaryFolder('helper windows');
    await mkdir(folder, { recursive: true });
    for (const ending of endingsOfFiles)
      await writeFile(join(folder, `docker-credential-gcloud${ending}`), '');
    return folder;
  }

  it('may be a script, which cmd.exe starts', async () => {
    const folder = await folderWith('', '.cmd');
    const found = await start(`${await folderWith()};;"${folder}"`, endings);
    assert.ok(found);
    assert.match(found.file, /cmd\.exe$/i);
    const script = join(folder, 'docker-credential-gcloud.cmd');
    assert.deepEqual(found.args, ['/d', '/s', '/c', `""${script}" get"`]);
    assert.equal(found.windowsVerbatimArguments, true);
  });

  it('is the first on the path, by the order of the endings', async () => {
    const first = await folderWith('.cmd', '.exe');
    const second = await folderWith('.com');
    const file = join(first, 'docker-credential-gcloud.exe');
    for (const pathExt of [endings, undefined, ''])
      assert.deepEqual(await start(`${first};${second}`, pathExt), { file, args: ['get'] });
    assert.match((await start(first, '.CMD;.EXE'))?.args.at(-1) ?? '', /gcloud\.cmd" get"$/);
  });

  it('is not found where there is none, or only a folder', async () => {
    const folder = await folderWith('');
    await mkdir(join(folder, 'docker-credential-gcloud.exe'));
    assert.equal(await start(folder, endings), undefined);
    assert.equal(await start(undefined, endings), undefined);
  });

  it('is left to the system elsewhere', async () => {
    const found = await helperStart('docker-credential-x.cmd', { platform: 'linux', path: '', endings: '' });
    assert.deepEqual(found, { file: 'docker-credential-x.cmd', args: ['get'] });
  });
});

describe('a registry that asks for a token', () => {
  let server: Server;
  let host: string;
  let asked: string[];
  const before_ = process.env['DOCKER_CONFIG'];

  before(async () => {
    server = createServer((request, answer) => {
      void respond(request).then(({ status, headers = {}, body = '' }) => {
        answer.writeHead(status, headers);
        answer.end(body);
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    host = `127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  beforeEach(() => (asked = []));
  after(() => {
    server.close();
    if (before_ === undefined) delete process.env['DOCKER_CONFIG'];
    else process.env['DOCKER_CONFIG'] = before_;
  });

  it('is given one for a name and password', async () => {
    const auth = Buffer.from('ada:good').toString('base64');
    await configure({ auths: { [host]: { auth } } });
    const registry = await Registry.open(repositoryOf(host, 'iris'), signal);
    await registry.checkPush(signal);
    assert.deepEqual(asked, [
      'POST /v2/iris/blobs/uploads/ none',
      `GET /token?service=test&scope=repository%3Airis%3Apull%2Cpush Basic ${auth}`,
      'POST /v2/iris/blobs/uploads/ Bearer T',
      'DELETE /v2/iris/blobs/uploads/1 Bearer T',
    ]);
  });

  it('is given one for an identity token', async () => {
    await configure({ auths: { [host]: { identitytoken: 'I' } } });
    const registry = await Registry.open(repositoryOf(host, 'iris'), signal);
    await registry.checkPush(signal);
    assert.equal(
      asked[1],
      'POST /token none grant_type=refresh_token&client_id=slipway&refresh_token=I&service=test&scope=repository%3Airis%3Apull%2Cpush',
    );
  });

  it('and does not give it says who is not let in', async () => {
    await configure({ auths: { [host]: { auth: Buffer.from('ada:bad').toString('base64') } } });
    const registry = await Registry.open(repositoryOf(host, 'iris'), signal);
    await assert.rejects(registry.checkPush(signal), {
      code: 'registry-refused',
      message: `Slipway could not push to ${host}/iris: incorrect username or password.`,
    });
  });

  async function respond(
    request: IncomingMessage,
  ): Promise<{ status: number; headers?: Record<string, string>; body?: string }> {
    const sent = await text(request);
    const { authorization = 'none' } = request.headers;
    asked.push([request.method, request.url, authorization, sent].filter(Boolean).join(' '));
    if (request.url?.startsWith('/token')) {
      const good =
        sent.includes('refresh_token=I') ||
        authorization.endsWith(Buffer.from('ada:good').toString('base64'));
      return good
        ? { status: 200, body: '{"token":"T"}' }
        : { status: 401, body: '{"details":"incorrect username or password"}' };
    }
    if (authorization !== 'Bearer T') {
      const scope = 'repository:iris:pull,push';
      const challenge = `Bearer realm="http://${host}/token",service="test",scope="${scope}"`;
      return { status: 401, headers: { 'www-authenticate': challenge } };
    }
    return request.method === 'POST'
      ? { status: 202, headers: { location: '/v2/iris/blobs/uploads/1' } }
      : { status: 204 };
  }
});

import assert from 'node:assert/strict';
import Docker from 'dockerode';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { join } from 'node:path';
import { maySpeakPlainly } from '../../../src/core/docker/plainRegistries';
import { annotate, configOf } from '../../../src/core/image/registry/annotate';
import { exchange } from '../../../src/core/image/registry/exchange';
import { refusal, unreachable } from '../../../src/core/image/registry/refusal';
import { makeIndex, manifestFor } from '../../../src/core/image/registry/imageIndex';
import { digestOf, Registry } from '../../../src/core/image/registry/registry';
import { repositoryOf } from '../../../src/core/image/registry/repository';
import { askForToken, parseChallenge } from '../../../src/core/image/registry/token';
import { makeAuthority } from '../../host/certificates';
import { temporaryFolder } from '../../host/workspace';

const { signal } = new AbortController();
const servers: Server[] = [];
const environment = { ...process.env };

async function serve(listener: RequestListener): Promise<string> {
  return listen(createServer(listener));
}

async function listen(server: Server): Promise<string> {
  servers.push(server.listen(0, '127.0.0.1'));
  await new Promise((resolve) => server.once('listening', resolve));
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** A registry that is opened as somebody whom Docker's configuration knows. */
async function openAs(host: string, login: string): Promise<Registry> {
  const folder = await temporaryFolder('docker-config');
  await mkdir(folder, { recursive: true });
  const auth = Buffer.from(login).toString('base64');
  await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
  process.env['DOCKER_CONFIG'] = folder;
  return Registry.open(repositoryOf(host, 'iris'), signal);
}

function restoreEnvironment(): void {
  for (const name of ['DOCKER_CONFIG', 'HOME', 'NODE_EXTRA_CA_CERTS']) {
    if (environment[name] === undefined) delete process.env[name];
    else process.env[name] = environment[name];
  }
}

describe("a registry's API", () => {
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
    restoreEnvironment();
  });

  it('gets credentials, but where it sends an upload does not', async () => {
    const seen: Record<string, string | undefined> = {};
    const elsewhere = await serve((request, answer) => {
      seen['elsewhere'] = request.headers.authorization ?? 'none';
      answer.writeHead(204).end();
    });
    const host = await serve((request, answer) => {
      seen['here'] = request.headers.authorization;
      if (!request.headers.authorization) {
        answer.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
      } else answer.writeHead(202, { location: `http://${elsewhere}/upload` }).end();
    });
    await (await openAs(host, 'ada:planted')).checkPush(signal);
    const basic = `Basic ${Buffer.from('ada:planted').toString('base64')}`;
    assert.deepEqual(seen, { here: basic, elsewhere: 'none' });
  });

  it('is not believed when it names another digest than that of the manifest', async () => {
    const wrong = `sha256:${'0'.repeat(64)}`;
    const host = await serve((request, answer) => {
      request.resume();
      const status = request.method === 'PUT' ? 201 : 200;
      answer.writeHead(status, { 'docker-content-digest': wrong }).end('{}');
    });
    const registry = await openAs(host, 'a:b');
    const refused = { code: 'registry-refused', message: /it speaks of sha256:0{64}, but the manifest is / };
    await assert.rejects(registry.manifest('tag', signal), refused);
    await assert.rejects(registry.putManifest('tag', 'x/y', Buffer.from('{}'), signal), refused);
    await assert.rejects(registry.manifest(wrong, signal), refused);
  });

  it('need not name the digest', async () => {
    const host = await serve((request, answer) => {
      request.resume();
      answer.writeHead(request.method === 'PUT' ? 201 : 200).end('{}');
    });
    const registry = await openAs(host, 'a:b');
    const digest = digestOf(Buffer.from('{}'));
    assert.equal((await registry.manifest('tag', signal))?.digest, digest);
    assert.equal(await registry.putManifest('tag', 'x/y', Buffer.from('{}'), signal), digest);
  });

  it('whose token service gives none is told so, without a word of what it answered', async () => {
    const host = await serve((request, answer) => {
      if (request.url?.startsWith('/token')) answer.end('{"token": planted-token');
      else answer.writeHead(401, { 'www-authenticate': 'Bearer realm=/token,service=s' }).end();
    });
    await assert.rejects((await openAs(host, 'a:b')).checkPush(signal), (error: Error) => {
      assert.match(error.message, /its token service answered without a token\.$/);
      return !String(error.stack).includes('planted');
    });
  });

  it('on another machine must take credentials by TLS', () => {
    const challenge = { realm: 'http://token.example.com/' };
    const known = { username: 'ada', password: 'planted' };
    const asked = () => askForToken('https://example.com', challenge, known, signal);
    assert.throws(asked, { code: 'registry-refused', message: /token\.example\.com without TLS\.$/ });
  });

  it('is asked with what NODE_EXTRA_CA_CERTS and certs.d trust', async () => {
    const folder = await temporaryFolder('authorities');
    const [ours, other] = [join(folder, 'ours'), join(folder, 'other')];
    await mkdir(ours, { recursive: true });
    await mkdir(other);
    const sign = await makeAuthority(ours);
    await makeAuthority(other);
    await sign('server', 'IP:127.0.0.1');
    const [cert, key] = [await readFile(join(ours, 'server.crt')), await readFile(join(ours, 'server.key'))];
    const host = await listen(createSecureServer({ cert, key }, (_, answer) => answer.end()));
    const trusted = join(folder, '.docker/certs.d', host);
    await mkdir(trusted, { recursive: true });
    process.env['HOME'] = folder;

    await writeFile(join(trusted, 'ca.crt'), await readFile(join(other, 'ca.crt')));
    await assert.rejects(exchange(`https://${host}/`, {}, signal), {
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
    process.env['NODE_EXTRA_CA_CERTS'] = join(ours, 'ca.crt');
    assert.equal((await exchange(`https://${host}/`, {}, signal)).status, 200);
    delete process.env['NODE_EXTRA_CA_CERTS'];
    await writeFile(join(trusted, 'ca.crt'), await readFile(join(ours, 'ca.crt')));
    assert.equal((await exchange(`https://${host}/`, {}, signal)).status, 200);
  });

  it('tells by a challenge where tokens are', () => {
    assert.deepEqual(
      parseChallenge('Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"'),
      {
        realm: 'https://a/t',
        service: 's',
        scope: 'repository:x:pull,push',
      },
    );
    assert.deepEqual(parseChallenge('Basic realm="r", bearer realm=https://a/t'), { realm: 'https://a/t' });
    assert.equal(parseChallenge('Basic realm="r"'), undefined);
  });
});

describe('what a registry refuses', () => {
  const at = repositoryOf('ghcr.io/ada', 'iris');
  const ecr = repositoryOf('12.dkr.ecr.eu-west-1.amazonaws.com', 'iris');
  for (const [why, next] of [
    ['unauthorized: authentication required', /^Log in: docker login ghcr\.io as somebody who may\.$/],
    ['x509: certificate signed by unknown authority', /\/etc\/docker\/certs\.d\/ghcr\.io\/ca\.crt, here and/],
    ['http: server gave HTTP response to HTTPS client', /"insecure-registries"/],
    ['toomanyrequests: You have reached your pull rate limit', /^Wait a while/],
    ['denied: quota exceeded for this account', /^Remove images on ghcr\.io/],
    ['tag invalid: it exists already because the repository is immutable', /tags may be written again/],
    ['name unknown: no such project', /^Make the repository ada\/iris on ghcr\.io first/],
    ['unexpected EOF', /^Try again/],
  ] as const) {
    it(`with "${why}" is told with what helps`, () => {
      const error = refusal(at, 'push to', true, why);
      assert.equal(error.message, `Slipway could not push to ghcr.io/ada/iris: ${why}.`);
      assert.match(error.next ?? '', next);
    });
  }

  it('of ECR for want of a repository names the command that makes it', () => {
    const why = "The repository with name 'iris' does not exist in the registry with id '12'";
    assert.match(
      refusal(ecr, 'push to', true, why).next ?? '',
      /aws ecr create-repository --repository-name iris --region eu-west-1$/,
    );
  });

  it('without TLS is told apart from what can not be trusted', () => {
    const plain = Object.assign(new Error('SSL routines:wrong version number'), { code: 'EPROTO' });
    assert.match(unreachable('a.io', plain, plain.message).message, /it does not speak TLS\.$/);
    const stranger = Object.assign(new Error('unable to verify'), {
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
    assert.match(unreachable('a.io', stranger, stranger.message).next ?? '', /certs\.d\/a\.io\/ca\.crt\.$/);
  });
});

describe('annotations', () => {
  const docker = 'application/vnd.docker';
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${docker}.distribution.manifest.v2+json`,
      config: { mediaType: `${docker}.container.image.v1+json`, size: 1, digest: 'sha256:c' },
      layers: [{ mediaType: `${docker}.image.rootfs.diff.tar.gzip`, size: 2, digest: 'sha256:l' }],
    }),
  );

  it("turn Docker's manifest into OCI's, of the same config and layers", () => {
    const { mediaType, bytes } = annotate(manifest, { a: '1' });
    assert.equal(mediaType, 'application/vnd.oci.image.manifest.v1+json');
    assert.equal(configOf(bytes), 'sha256:c');
    assert.deepEqual(JSON.parse(bytes.toString()), {
      schemaVersion: 2,
      mediaType,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', size: 1, digest: 'sha256:c' },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', size: 2, digest: 'sha256:l' }],
      annotations: { a: '1' },
    });
    assert.deepEqual(annotate(manifest, { a: '1' }).bytes, bytes);
  });

  it('stand on an index, which tells which image is for which machines', () => {
    const image = { mediaType: 'm', size: 3 };
    const arm64 = { os: 'linux', architecture: 'arm64', variant: 'v8' };
    const manifests = [
      { ...image, digest: 'sha256:1', platform: { os: 'linux', architecture: 'amd64' } },
      { ...image, digest: 'sha256:2', platform: arm64 },
    ];
    const { mediaType, bytes } = makeIndex(manifests, { a: '1' });
    assert.deepEqual(JSON.parse(bytes.toString()), {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests,
      annotations: { a: '1' },
    });
    assert.equal(mediaType, 'application/vnd.oci.image.index.v1+json');
    assert.equal(manifestFor(bytes, 'linux/arm64'), 'sha256:2');
    assert.equal(manifestFor(bytes, 'linux/riscv64'), undefined);
    assert.equal(manifestFor(manifest, 'linux/arm64'), undefined);
  });

  it('stand on an index that the engine pushed too', () => {
    const index = { schemaVersion: 2, manifests: [{ mediaType: 'm', digest: 'sha256:m' }] };
    const { mediaType, bytes } = annotate(Buffer.from(JSON.stringify(index)), { a: '1' });
    assert.equal(mediaType, 'application/vnd.oci.image.index.v1+json');
    assert.deepEqual(JSON.parse(bytes.toString()), { ...index, mediaType, annotations: { a: '1' } });
    assert.equal(configOf(bytes), undefined);
  });
});

describe('a registry without TLS', () => {
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  it('is spoken to where the engine was told so', async () => {
    const RegistryConfig = {
      IndexConfigs: { 'docker.io': { Secure: true }, 'plain.example:5000': { Secure: false } },
      InsecureRegistryCIDRs: ['10.1.0.0/16', 'fd00::/8'],
    };
    const host = await serve((_, answer) => answer.end(JSON.stringify({ RegistryConfig })));
    const [name, port] = host.split(':');
    const engine = new Docker({ protocol: 'http', host: name, port });
    for (const [registry, plain] of [
      ['plain.example:5000', true],
      ['plain.example', false],
      ['docker.io', false],
      ['10.1.2.3:5000', true],
      ['10.2.2.3', false],
      ['[fd00::1]:5000', true],
    ] as const) {
      assert.equal(await maySpeakPlainly(engine, registry, new AbortController().signal), plain, registry);
    }
  });
});

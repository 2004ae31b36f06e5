import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deploy, type DeployTask } from '../../../src/core/release/deploy';
import { ensureNodeImages } from '../../host/baseImages';
import { makeAuthority } from '../../host/certificates';
import { farAddress, startFarEngine, type FarEngine } from '../../host/farEngine';
import { startSshServer, type TestSshServer } from '../../host/sshServer';
import { temporaryFolder } from '../../host/workspace';
import { cleanUp, predict, stateOf, subjectOf, targetOf, taskOf, type Subject } from '../target/support';

const name = 'engines-test';
let iris: Subject;

function task(): DeployTask {
  return { ...taskOf(), onStep: () => undefined };
}

/** Changes the environment for the time of one test. */
function setEnvironment(values: Record<string, string | undefined>): void {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) delete process.env[key];
    else process.env[key] = value;
  }
}

const usual = Object.fromEntries(
  ['PATH', 'DOCKER_CONFIG', 'DOCKER_CONTEXT', 'DOCKER_HOST'].map((key) => [key, process.env[key]]),
);

describe('an engine behind ssh', () => {
  let far: FarEngine;
  let server: TestSshServer;
  before(async () => {
    iris = await subjectOf('iris');
    far = await startFarEngine();
    await ensureNodeImages(far.docker);
    server = await startSshServer({ at: { address: farAddress, enter: far.enter }, engine: far.socket });
  });
  beforeEach(() => setEnvironment({ PATH: `${server.path}:${usual['PATH']}` }));
  afterEach(async () => {
    setEnvironment(usual);
    await cleanUp(name, far.docker);
  });
  after(async () => {
    await server?.stop();
    await far?.stop();
  });

  it('takes releases that are reached from here, though they answer on its own loopback only', async () => {
    const target = targetOf(name, { host: server.address });
    const { release } = await deploy(target, iris, task());
    assert.equal((await predict(release.stableUrl ?? '')).status, 200);
    const { release: second } = await deploy(target, { ...iris, anyway: true }, task());
    assert.equal(second.stableUrl, release.stableUrl);
    assert.equal(await stateOf(target), '2 serving ready, 1 retired stopped');
    const log: string[] = [];
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1500);
    for await (const piece of target.logs(second, stop.signal)) log.push(piece);
    assert.match(log.join(''), /iris/);
  });

  it('whose key is not known says how to look at it', async () => {
    const stranger = await startSshServer();
    setEnvironment({ PATH: `${stranger.path}:${usual['PATH']}` });
    try {
      await writeFile(stranger.knownHosts, '');
      await assert.rejects(targetOf(name, { host: stranger.address }).check(undefined, task()), {
        code: 'engine-unreachable',
        message: /127\.0\.0\.1 is not known to ssh/,
        next: /^Connect once by hand, and look at its key: ssh -p \d+ root@127\.0\.0\.1$/,
      });
    } finally {
      await stranger.stop();
    }
  });

  it('that lets nobody in says how to try', async () => {
    const stranger = await startSshServer();
    setEnvironment({ PATH: `${stranger.path}:${usual['PATH']}` });
    try {
      await writeFile(`${stranger.key}.pub`, '');
      await writeFile(join(stranger.key, '../authorized'), '');
      await assert.rejects(targetOf(name, { host: stranger.address }).check(undefined, task()), {
        message: /127\.0\.0\.1 does not let this user in/,
        next: /ssh-add/,
      });
    } finally {
      await stranger.stop();
    }
  });

  it('without docker there, or without ssh here, says what to install', async () => {
    const bare = await startSshServer({ path: '/nowhere' });
    setEnvironment({ PATH: `${bare.path}:${usual['PATH']}` });
    try {
      await assert.rejects(targetOf(name, { host: bare.address }).check(undefined, task()), {
        message: /has no docker command/,
      });
      setEnvironment({ PATH: '/nowhere' });
      const other = bare.address.replace('root@', 'nobody@');
      await assert.rejects(targetOf(name, { host: other }).check(undefined, task()), {
        message: /ssh is not installed here/,
      });
    } finally {
      await bare.stop();
    }
  });

  it('that goes away is named', async () => {
    const gone = await startSshServer();
    setEnvironment({ PATH: `${gone.path}:${usual['PATH']}` });
    const target = targetOf(name, { host: gone.address });
    await target.check(undefined, task());
    await gone.stop();
    await assert.rejects(target.check(undefined, task()), { code: 'engine-unreachable' });
  });
});

describe('an engine that speaks TLS', () => {
  const host = `tcp://${farAddress}:2376`;
  let far: FarEngine;
  let folder: string;
  before(async () => {
    iris = await subjectOf('iris');
    folder = await temporaryFolder('tls');
    const sign = await makeAuthority(folder);
    await sign('server', `IP:${farAddress}`);
    await sign('client', 'DNS:client');
    far = await startFarEngine([
      ...['--host', host, '--tlsverify', '--tlscacert', join(folder, 'ca.crt')],
      ...['--tlscert', join(folder, 'server.crt'), '--tlskey', join(folder, 'server.key')],
    ]);
    await ensureNodeImages(far.docker);
  });
  afterEach(async () => {
    setEnvironment(usual);
    await cleanUp(name, far.docker);
  });
  after(() => far?.stop());

  const files = () => ({
    ca: join(folder, 'ca.crt'),
    cert: join(folder, 'client.crt'),
    key: join(folder, 'client.key'),
  });

  it('takes releases with the certificates that the target names', async () => {
    const { release } = await deploy(targetOf(name, { host, bind: '0.0.0.0', tls: files() }), iris, task());
    assert.match(release.stableUrl ?? '', new RegExp(`^http://${farAddress}:`));
    assert.equal((await predict(release.stableUrl ?? '')).status, 200);
  });

  it('is not trusted without its authority, and does not let in who has no certificate', async () => {
    const { cert, key, ca } = files();
    for (const tls of [{ cert, key }, { ca }]) {
      await assert.rejects(targetOf(name, { host, tls }).list(taskOf().signal), {
        code: 'engine-unreachable',
      });
    }
    await assert.rejects(targetOf(name, { host, tls: { ca: '/nowhere.pem' } }).list(taskOf().signal), {
      code: 'config-invalid',
      message: /^The certificate \/nowhere\.pem can not be read/,
    });
  });

  it('is found through a context of Docker, also the chosen one', async () => {
    const config = await temporaryFolder('contexts');
    const id = createHash('sha256').update('far').digest('hex');
    const keys = join(config, 'contexts/tls', id, 'docker');
    await mkdir(keys, { recursive: true });
    await mkdir(join(config, 'contexts/meta', id), { recursive: true });
    const meta = { Name: 'far', Endpoints: { docker: { Host: host, SkipTLSVerify: false } } };
    await writeFile(join(config, 'contexts/meta', id, 'meta.json'), JSON.stringify(meta));
    for (const [from, to] of [
      ['ca.crt', 'ca.pem'],
      ['client.crt', 'cert.pem'],
      ['client.key', 'key.pem'],
    ] as const) {
      await writeFile(join(keys, to), await readFile(join(folder, from)));
    }
    setEnvironment({ DOCKER_CONFIG: config, DOCKER_HOST: undefined });
    assert.equal(targetOf(name, { context: 'far' }).address, host);
    assert.deepEqual(await targetOf(name, { context: 'far' }).list(taskOf().signal), []);
    await assert.rejects(targetOf(name, { context: 'near' }).list(taskOf().signal), {
      message: 'Docker has no context near. There are: default, far.',
    });
    assert.equal(targetOf(name).address, 'unix:///var/run/docker.sock');
    await writeFile(join(config, 'config.json'), '{"currentContext": "far"}');
    assert.equal(targetOf(name).address, host);
    setEnvironment({ DOCKER_CONTEXT: 'default' });
    assert.equal(targetOf(name).address, 'unix:///var/run/docker.sock');
  });
});

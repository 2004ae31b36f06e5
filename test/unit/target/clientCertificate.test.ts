import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTarget } from '../../../src/core/release/makeTarget';
import type { Standing } from '../../../src/core/target/target';
import { selfSigned } from '../../host/certificates';
import { FakeEngine } from '../../host/fakeEngine';
import { KubernetesApi } from '../../host/kubernetesApi';
import { skip } from '../../host/skip';
import { temporaryFolder } from '../../host/workspace';
import { REGISTRY, extensionOptions, logger, taskOf } from './kubernetes/support';

/** It held until the first of February 2025. */
const EXPIRED = `-----BEGIN CERTIFICATE-----
MIIBCDCBsAIBATAKBggqhkjOPQQDAjARMQ8wDQYDVQQDDAZjbGllbnQwHhcNMjUw
MTAxMDAwMDAwWhcNMjUwMjAxMDAwMDAwWjARMQ8wDQYDVQQDDAZjbGllbnQwWTAT
BgcqhkjOPQIBBggqhkjOPQMBBwNCAASQceCFHnjV7PhURyFx1wnPSZLlBD0I/hLY
CAqIUvHiEcchu4l6EH6DiBIUANdVqn+GscerY3MNpQe+Apqv4+ukMAoGCCqGSM49
BAMCA0cAMEQCIBfvIcPhstV8DVai1wKiR31HzKm4ic9dhGsWjbWiA1igAiAQPAu3
9T0mp2hau0kmh3rmK/84gUqcXza8qh0u8GO0mw==
-----END CERTIFICATE-----
`;
const DAY_MS = 86_400_000;

describe('the client certificate of an engine', () => {
  let folder: string;
  beforeEach(async function () {
    try {
      execFileSync('openssl', ['version'], { stdio: 'ignore' });
    } catch {
      skip(this, 'there is no openssl');
    }
    folder = await temporaryFolder('certificate');
  });

  const files = () => ({
    ca: join(folder, 'cert.pem'),
    cert: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
  });

  function check(host: string, tls: object = files()): Promise<Standing> {
    const settings = { ...extensionOptions, host: '', proxyImage: '', trusted: true };
    const target = makeTarget('lab', { kind: 'docker', host, bind: '0.0.0.0', tls }, settings, logger);
    return target.check(undefined, taskOf());
  }

  /** Of a certificate that holds for so many days. */
  async function standingFor(days: number): Promise<Standing> {
    const engine = await FakeEngine.start({ '/containers/json': [] }, await selfSigned(folder, days));
    try {
      return await check(engine.host);
    } finally {
      await engine.stop();
    }
  }

  it('is told with its end, and with a warning where that is near', async () => {
    for (const [days, isNear] of [
      [30, false],
      [15, false],
      [13, true],
      [1, true],
    ] as const) {
      const { expires, warnings } = await standingFor(days);
      const left = ((expires?.getTime() ?? 0) - Date.now()) / DAY_MS;
      assert.ok(left > days - 0.1 && left <= days, `${left} of ${days}`);
      const day = expires?.toISOString().slice(0, 10);
      assert.deepEqual(warnings, isNear ? [`The client certificate expires on ${day}.`] : []);
    }
  });

  it('that is over, or is none, is refused before the engine is asked', async () => {
    const host = 'https://127.0.0.1:9';
    await writeFile(files().cert, EXPIRED);
    await writeFile(files().key, '');
    await assert.rejects(check(host), {
      code: 'engine-refused',
      message: 'The client certificate of the target lab expired on 2025-02-01.',
      next: 'Get a new one, and put it where "tls" of lab, its context or DOCKER_CERT_PATH has it.',
    });
    await writeFile(files().cert, 'no certificate');
    await assert.rejects(check(host), {
      code: 'engine-refused',
      message: /^The client certificate of the target lab can not be read: /,
    });
  });

  it('is read anew, so that one that was renewed helps', async () => {
    const engine = await FakeEngine.start({ '/containers/json': [] }, await selfSigned(folder, 30));
    const { cert } = files();
    const settings = { ...extensionOptions, host: '', proxyImage: '', trusted: true };
    const config = { kind: 'docker' as const, host: engine.host, bind: '0.0.0.0' };
    const renewed = join(folder, 'renewed.pem');
    await writeFile(renewed, EXPIRED);
    const target = makeTarget('lab', { ...config, tls: { ...files(), cert: renewed } }, settings, logger);
    try {
      await assert.rejects(target.check(undefined, taskOf()), { message: /expired on 2025-02-01/ });
      await writeFile(renewed, await readFile(cert));
      await target.check(undefined, taskOf());
      assert.deepEqual(await target.list(taskOf().signal), []);
    } finally {
      await engine.stop();
    }
  });

  it('is not spoken of where there is none', async () => {
    const engine = await FakeEngine.start({ '/containers/json': [] });
    try {
      assert.deepEqual(await check(engine.host, {}), { warnings: [] });
    } finally {
      await engine.stop();
    }
  });
});

describe('the client certificate of a cluster', () => {
  it('that is over is refused in the same words', async () => {
    const api = await KubernetesApi.start();
    const kubeconfig = join(await temporaryFolder('certificate'), 'config');
    const config = api.kubeconfigFor('test-token') as { users: { user: object }[] };
    for (const each of config.users) {
      each.user = {
        'client-certificate-data': Buffer.from(EXPIRED).toString('base64'),
        'client-key-data': '',
      };
    }
    await writeFile(kubeconfig, JSON.stringify(config));
    const settings = { ...extensionOptions, host: '', proxyImage: '', trusted: true };
    const target = makeTarget(
      'staging',
      { kind: 'kubernetes', registry: REGISTRY, kubeconfig },
      settings,
      logger,
    );
    try {
      await assert.rejects(target.check(undefined, taskOf()), {
        code: 'cluster-denied',
        message: 'The client certificate of the context test expired on 2025-02-01.',
      });
    } finally {
      target.dispose();
      await api.stop();
    }
  });
});

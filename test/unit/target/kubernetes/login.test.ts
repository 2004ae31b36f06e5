import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { UserError } from '../../../../src/core/errors';
import { KubernetesTarget } from '../../../../src/core/target/kubernetes/kubernetesTarget';
import { REGISTRY, extensionOptions, logger, taskOf } from './support';

const planted = 'planted-4f1c9e0b21d7';

describe('what a kubeconfig keeps secret', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'slipway-login-'))));
  after(() => rm(folder, { recursive: true }));

  /** How a check with a kubeconfig of this text fails. */
  async function failure(text: string): Promise<UserError> {
    const kubeconfig = join(folder, 'config');
    await writeFile(kubeconfig, text);
    const push = () => Promise.reject(new Error('nothing is pushed here'));
    const config = { registry: REGISTRY, kubeconfig };
    const options = { ...extensionOptions, push, checkPush: () => Promise.resolve(), config };
    const target = new KubernetesTarget('staging', options, logger);
    try {
      await target.check(undefined, taskOf());
    } catch (error) {
      assert.ok(error instanceof UserError);
      return error;
    } finally {
      target.dispose();
    }
    throw new Error('It did not fail.');
  }

  function withUser(user: object, server = 'http://127.0.0.1:9'): string {
    return JSON.stringify({
      clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'ada' } }],
      users: [{ name: 'ada', user }],
      'current-context': 'test',
    });
  }

  function printing(script: string): string {
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath };
    return withUser({ exec: { ...exec, args: ['-e', script, planted] } });
  }

  const mistakes: [what: string, text: string, message: RegExp][] = [
    [
      'a line that is indented wrongly',
      `users:\n- name: ada\n  user:\n    token: ${planted}\n   oops: 1\n`,
      /config:5:4 is no YAML: bad indentation of a mapping entry\.$/,
    ],
    [
      'a token that looks like an alias',
      `token: *${planted}\n`,
      /config:1:\d+ is no YAML: unidentified alias\.$/,
    ],
    ['a token that looks like a tag', `token: !${planted} 1\n`, /config:1:\d+ is no YAML: unknown tag\.$/],
    ['a token alone', planted, /config has no current context\.$/],
    [
      'a user without a name',
      `users:\n- user:\n    token: ${planted}\n`,
      /config is no kubeconfig: users\[0\]\.name is missing\.$/,
    ],
  ];
  for (const [what, text, message] of mistakes) {
    it(`is not told with ${what}, but its place is`, async () => {
      const error = await failure(text);
      assert.equal(error.code, what === 'a token alone' ? 'config-invalid' : 'kubeconfig-invalid');
      assert.match(error.message, message);
      assert.doesNotMatch(inspect(error, { depth: Infinity }), new RegExp(planted));
    });
  }

  const answers: [what: string, script: string, message: RegExp][] = [
    ['no JSON', `console.log("${planted}")`, /way to log in failed: its answer is no JSON\.$/],
    [
      'a credential that is none',
      `console.log('{"token":"${planted}"}')`,
      /failed: its answer is no credential\.$/,
    ],
    [
      'only what it writes before it fails',
      `console.error("Trying ${planted}"); console.error("token=${planted}: session expired"); process.exit(1)`,
      /failed: token=… session expired\.$/,
    ],
  ];
  for (const [what, script, message] of answers) {
    it(`is not told where its command gives ${what}`, async () => {
      const error = await failure(printing(script));
      assert.equal(error.code, 'cluster-denied');
      assert.match(error.message, message);
      assert.doesNotMatch(inspect(error, { depth: Infinity }), new RegExp(planted));
    });
  }

  it('is not told where its command is not installed', async () => {
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'no-such-plugin',
      args: [planted],
    };
    const error = await failure(withUser({ exec }));
    assert.match(error.message, /logs in with the command "no-such-plugin", which is not installed here/);
    assert.doesNotMatch(inspect(error, { depth: Infinity }), new RegExp(planted));
  });

  it("is not told where the cluster's address holds a password", async () => {
    const error = await failure(withUser({ token: planted }, `http://ada:${planted}@127.0.0.1:9`));
    assert.match(error.message, /the cluster at http:\/\/127\.0\.0\.1:9 can not be reached/);
    assert.doesNotMatch(inspect(error, { depth: Infinity }), new RegExp(planted));
  });
});

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { checkEngine } from '../../src/core/docker/checkEngine';
import { connect, engineAddress } from '../../src/core/docker/connect';
import { InferenceClient } from '../../src/core/inference/client';
import { hasPassword, shownAddress, withoutSecrets } from '../../src/core/secrets';

const planted = 'pl4nted-4f1c9e0b21d7';

describe('an address as it is shown', () => {
  const shown: [address: string, shown: string][] = [
    [`tcp://ada:${planted}@10.0.0.7:2376`, 'tcp://10.0.0.7:2376'],
    [`http://${planted}@10.0.0.7/v2`, 'http://10.0.0.7/v2'],
    [`https://ada:${planted}@[::1]:8080/a?b=c@d`, 'https://[::1]:8080/a?b=c@d'],
    [`http://ada:${planted}@e@host/models`, 'http://host/models'],
    [`http://ada:a/${planted}@host`, 'http://host'],
    [`ada:${planted}@host:2376`, 'host:2376'],
    [`ssh://ada:${planted}@host:22`, 'ssh://ada@host:22'],
    ['ssh://ada@host', 'ssh://ada@host'],
    ['http://127.0.0.1:8600/v2/models/a@b', 'http://127.0.0.1:8600/v2/models/a@b'],
    ['unix:///run/ada@host/docker.sock', 'unix:///run/ada@host/docker.sock'],
    ['context://ada@work', 'context://ada@work'],
    ['notaurl', 'notaurl'],
    ['', ''],
  ];
  for (const [address, expected] of shown) {
    it(`is ${expected || 'nothing'} for ${address || 'nothing'}`, () =>
      assert.equal(shownAddress(address), expected));
  }

  it('is known to have held a password', () => {
    assert.ok(hasPassword(`tcp://ada:${planted}@10.0.0.7`));
    for (const fine of ['ssh://ada@10.0.0.7', 'tcp://10.0.0.7:2376', 'unix:///run/a:b@c.sock'])
      assert.ok(!hasPassword(fine), fine);
  });
});

describe('what another program wrote', () => {
  const written: [words: string, shown: string][] = [
    [`token: ${planted}`, 'token: …'],
    [`"password": ${planted}`, '"password": …'],
    [`Authorization: Bearer ${planted} was refused`, 'Authorization: Bearer … was refused'],
    [`no such host: https://ada:${planted}@host/`, 'no such host: https://…@host/'],
    ['eyJhbGciOi.eyJzdWIiOi.SflKxw is over', '… is over'],
    ['-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY----- is weak', '… is weak'],
    [`${'0123456789abcdef'.repeat(3)} is unknown`, '… is unknown'],
    ['session expired at 10:00, run "az login"', 'session expired at 10:00, run "az login"'],
  ];
  for (const [words, expected] of written) {
    it(`is shown as ${expected}`, () => assert.equal(withoutSecrets(words), expected));
  }
});

describe('a password in an address', () => {
  const { signal } = new AbortController();

  async function inFailure(work: () => unknown): Promise<string> {
    try {
      await work();
    } catch (error) {
      const whole = inspect(error, { depth: Infinity });
      assert.doesNotMatch(whole, new RegExp(planted));
      return (error as Error).message;
    }
    throw new Error('It did not fail.');
  }

  it('is in no error about an engine', async () => {
    const host = `tcp://ada:${planted}@127.0.0.1:9`;
    assert.match(
      await inFailure(() => checkEngine(connect(host), engineAddress(host), signal)),
      /no Docker engine answers at tcp:\/\/127\.0\.0\.1:9/,
    );
    for (const strange of [
      `ftp://ada:${planted}@host`,
      `tcp://ada:${planted}@ho st`,
      `tcp://ada:${planted}@`,
    ])
      assert.match(await inFailure(() => connect(strange)), /is no address of a Docker engine/);
    assert.equal(engineAddress(`ada:${planted}@host`), 'tcp://host');
  });

  it('is in no error about an engine behind ssh', async () => {
    const host = `ssh://ada:${planted}@127.0.0.1:9`;
    const check = () => checkEngine(connect(host), engineAddress(host), signal);
    assert.match(
      await inFailure(check),
      /The Docker engine at ssh:\/\/ada@127\.0\.0\.1:9 can not be reached/,
    );
  });

  it('is in no error about a model server', async () => {
    for (const address of ['127.0.0.1:9', 'ho st', '']) {
      const client = new InferenceClient(`http://ada:${planted}@${address}`, 'iris');
      assert.match(await inFailure(() => client.metadata(signal)), /^(Nothing answers at )?http:\/\//);
    }
  });
});

import assert from 'node:assert/strict';
import { checkReachable, reachableHost, urlOf } from '../../../src/core/target/docker/ports';

describe('published ports', () => {
  it('are reached where the engine is, unless they are bound to an address of their own', () => {
    assert.equal(reachableHost('127.0.0.1', '127.0.0.1'), '127.0.0.1');
    assert.equal(reachableHost('0.0.0.0', 'models.example.org'), 'models.example.org');
    assert.equal(reachableHost('::', '[fd00::7]'), 'fd00::7');
    assert.equal(reachableHost('10.0.0.7', 'models.example.org'), '10.0.0.7');
  });

  it('are refused where only another machine would reach them', () => {
    assert.throws(() => checkReachable('staging', { bind: '127.0.0.1', host: 'models.example.org' }), {
      code: 'config-invalid',
      message: /answer at 127\.0\.0\.1 of models\.example\.org only/,
      next: /targets\.staging\.bind/,
    });
    checkReachable('staging', { bind: '127.0.0.1', host: '127.0.0.1' });
    checkReachable('staging', { bind: '0.0.0.0', host: 'models.example.org' });
  });

  it('have a URL, also on an IPv6 address', async () => {
    assert.equal(await urlOf({ bind: '127.0.0.1', host: '127.0.0.1' }, 8600), 'http://127.0.0.1:8600');
    assert.equal(await urlOf({ bind: '::', host: 'fd00::7' }, 8600), 'http://[fd00::7]:8600');
    const forward = (port: number) => Promise.resolve(port + 1);
    assert.equal(await urlOf({ bind: '127.0.0.1', host: 'far', forward }, 8600), 'http://127.0.0.1:8601');
    assert.equal(await urlOf({ bind: '10.0.0.7', host: '10.0.0.7', forward }, 8600), 'http://10.0.0.7:8600');
  });
});

import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { describeRelease } from '../../../src/core/release/describe';
import { releaseFacts } from '../../../src/core/release/releaseFacts';
import { FakeTarget, release } from './fakeTarget';

describe('a release as text', () => {
  it('is YAML with its settings and the samples that it was proven with', () => {
    const text = describeRelease(
      release(3, 'serving', {
        settings: '{"memoryMiB":512,"resources":{"limits":{}},"bind":"127.0.0.1"}',
        proof: '1 of 2 samples pass',
        proofSamples: [
          { name: 'setosa', result: 'passed', milliseconds: 1.5 },
          { name: 'a: "odd" one', result: 'failed', milliseconds: 2 },
        ],
      }),
    );
    const read = parse(text) as Record<string, unknown>;
    assert.deepEqual(read['settings'], { memoryMiB: 512, bind: '127.0.0.1' });
    assert.deepEqual(read['samples'], { setosa: 'passed', 'a: "odd" one': 'failed' });
    assert.equal(read['proven'], '1 of 2 samples pass');
  });

  for (const settings of ['no JSON', '', 'null', '[1]', '"x"', undefined]) {
    it(`does without settings that are ${settings ?? 'not there'}, as its page does`, () => {
      const odd = release(3, 'serving', { settings });
      const read = parse(describeRelease(odd)) as Record<string, unknown>;
      assert.equal(read['release'], 'iris r3 on staging');
      assert.ok(!('settings' in read));
      assert.deepEqual(releaseFacts(odd, [odd], new FakeTarget()).settings, []);
    });
  }
});

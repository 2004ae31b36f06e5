import assert from 'node:assert/strict';
import { longestProof, proofText, readProof, type SampleProof } from '../../../src/core/target/proof';

const samples: SampleProof[] = [
  { name: 'setosa, small', result: 'passed', milliseconds: 1.23456 },
  { name: 'no idea', result: 'predicted', milliseconds: 0.00000012 },
  { name: 'wrong', result: 'failed', milliseconds: 1200 },
];

describe('the text of a proof', () => {
  it('is words and a line a sample, and is read back', () => {
    const text = proofText('2 of 3 samples pass', samples);
    assert.equal(
      text,
      '2 of 3 samples pass\npassed 1.23 ms setosa, small\npredicted 1.2e-7 ms no idea\nfailed 1200 ms wrong',
    );
    assert.deepEqual(readProof(text), {
      proof: '2 of 3 samples pass',
      proofSamples: [{ ...samples[0], milliseconds: 1.23 }, samples[1], samples[2]],
    });
  });

  it('of an older version, or of nothing, has no samples', () => {
    assert.deepEqual(readProof('3 of 3 samples pass'), { proof: '3 of 3 samples pass' });
    assert.deepEqual(readProof(''), { proof: '' });
    assert.deepEqual(readProof('words\nthat somebody added\npassed ms'), { proof: 'words' });
  });

  it('is never longer than what targets keep, and loses whole samples', () => {
    const many = Array.from({ length: 500 }, (_, index) => ({ ...samples[0], name: `sample ${index}` }));
    const text = proofText('all pass', many as SampleProof[]);
    assert.ok(text.length <= longestProof);
    const { proofSamples = [] } = readProof(text);
    assert.equal(proofSamples.at(-1)?.name, `sample ${proofSamples.length - 1}`);
    assert.ok(proofText('w'.repeat(5000), []).length <= longestProof);
  });

  it('keeps to its lines, whatever a sample is called', () => {
    const text = proofText('a\nb', [{ name: 'x\nfailed 1 ms y', result: 'passed', milliseconds: 1 }]);
    assert.deepEqual(readProof(text), {
      proof: 'a b',
      proofSamples: [{ name: 'x failed 1 ms y', result: 'passed', milliseconds: 1 }],
    });
  });
});

/** What came of one sample when a release was proven with it. */
export interface SampleProof {
  name: string;
  /** `predicted`: it expects nothing, and got an answer. */
  result: 'passed' | 'failed' | 'predicted';
  /** Round trip of its request. */
  milliseconds: number;
}

/** What a release was proven with before it got its traffic, as it is kept with it. */
export interface Proof {
  /** In words: `3 of 3 samples pass`. */
  proof: string;
  /** As many samples as there was room for; absent where none is kept. */
  proofSamples?: SampleProof[];
}

/** As many characters as a target keeps for a proof, at least. */
export const longestProof = 2000;

/** A proof as text that people can read too: the words, then a line a sample for as many as there is room. */
export function proofText(words: string, samples: readonly SampleProof[]): string {
  let text = oneLine(words).slice(0, longestProof);
  for (const { name, result, milliseconds } of samples) {
    const line = `\n${result} ${String(Number(milliseconds.toPrecision(3)))} ms ${oneLine(name)}`;
    if (text.length + line.length > longestProof) break;
    text += line;
  }
  return text;
}

/** Reads a proof back. What is no line of a sample is left out: somebody else may have written it. */
export function readProof(text: string): Proof {
  const [proof = '', ...lines] = text.split('\n');
  const proofSamples = lines.flatMap((line): SampleProof[] => {
    const [, result, milliseconds, name = ''] =
      /^(passed|failed|predicted) (\d+(?:\.\d+)?(?:e-?\d+)?) ms (.*)$/.exec(line) ?? [];
    return result === undefined
      ? []
      : [{ name, result: result as SampleProof['result'], milliseconds: Number(milliseconds) }];
  });
  return { proof, ...(proofSamples.length > 0 && { proofSamples }) };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

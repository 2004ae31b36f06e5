/** The word that is most like `word`, if any is like it: at most a third of its letters differ. */
export function nearest(word: string, words: string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(word.length, 3) / 3;
  for (const candidate of words) {
    const differing = distance(word.toLowerCase(), candidate.toLowerCase());
    if (differing <= least) {
      best = candidate;
      least = differing;
    }
  }
  return best;
}

/** Levenshtein's distance: how many letters are put in, left out or exchanged. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchanged = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(exchanged, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

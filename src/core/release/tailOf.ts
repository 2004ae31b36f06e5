/** How long a log may be silent until its tail counts as read, in milliseconds. */
const SILENCE_MS = 300;
/** A server that goes on writing is not waited for, in milliseconds. */
const LONGEST_MS = 3_000;

/**
 * The last lines that a log holds now. Does not wait for what is written later: `follow`'s signal is aborted after a silence.
 * A log that can not be read has no lines, because the caller has an error of its own to tell.
 */
export async function tailOf(
  follow: (signal: AbortSignal) => AsyncIterable<string>,
  lines: number,
): Promise<string[]> {
  const end = new AbortController();
  let silence = setTimeout(() => end.abort(), SILENCE_MS);
  const patience = setTimeout(() => end.abort(), LONGEST_MS);
  let text = '';
  try {
    for await (const chunk of follow(end.signal)) {
      clearTimeout(silence);
      silence = setTimeout(() => end.abort(), SILENCE_MS);
      text += chunk;
    }
  } catch {
    // What was read so far is better than nothing.
  } finally {
    clearTimeout(silence);
    clearTimeout(patience);
  }
  return text.split('\n').filter(Boolean).slice(-lines);
}

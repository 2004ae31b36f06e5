/** What a timer of Node can wait, in milliseconds: one that is to wait longer ends at once. That is 25 days. */
const longest = 2 ** 31 - 1;

/** Calls back after so many milliseconds, or after the longest time that a timer can wait. */
export function after(milliseconds: number, callback: () => void): NodeJS.Timeout {
  return setTimeout(callback, Math.min(milliseconds, longest));
}

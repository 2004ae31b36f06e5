/** Bytes in decimal units, as file managers show them: `736 B`, `35 kB`, `2.1 GB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let amount = bytes;
  let unit = 0;
  for (; amount >= 1000 && unit < units.length - 1; unit++) amount /= 1000;
  return `${amount < 10 && unit > 0 ? amount.toFixed(1) : Math.round(amount)} ${units[unit]}`;
}

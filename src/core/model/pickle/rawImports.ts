import type { Report } from './report';
import { isPlainName, verdictOf } from './verdict';

/** Longer than that no name is that is known to be dangerous. */
const longest = 100;
/** Bytes of an import with two such names. */
export const longestImport = 3 * longest;
const newline = 10;
const stackGlobal = 0x93;

/**
 * Notes imports of what is known to be dangerous that stand in the raw items of an array. Nobody reads them as opcodes, unless a loader
 * finds another end of the array than is found here.
 */
export function noteRawImports(bytes: Buffer, report: Report, offset: number): void {
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1))
    noteLines(bytes, at, report, offset);
  for (let at = bytes.indexOf(stackGlobal); at >= 0; at = bytes.indexOf(stackGlobal, at + 1))
    noteTexts(bytes, at, report, offset);
}

/** An import by two lines, `cMODULE\nNAME\n`, where `at` is the end of the first. */
function noteLines(bytes: Buffer, at: number, report: Report, offset: number): void {
  const end = bytes.indexOf(newline, at + 1);
  if (end < 0 || end - at > longest) return;
  const name = bytes.toString('latin1', at + 1, end);
  if (!isPlainName(name)) return;
  const line = /[\w.]+$/.exec(bytes.toString('latin1', Math.max(0, at - longest), at))?.[0] ?? '';
  for (let start = 0; start < line.length; start++) {
    if ('ci'.includes(line[start] ?? '')) note(line.slice(start + 1), name, report, offset + at);
  }
}

/** An import of the two texts in front of a `STACK_GLOBAL`. */
function noteTexts(bytes: Buffer, at: number, report: Report, offset: number): void {
  const name = textBefore(bytes, at);
  const module = name && textBefore(bytes, name.start);
  if (module) note(module.text, name.text, report, offset + at);
}

/** The text that an opcode right before `end` pushes, with or without one that puts it into the memo. */
function textBefore(bytes: Buffer, end: number): { text: string; start: number } | undefined {
  const ends = [end];
  if (bytes[end - 1] === 0x94) ends.push(end - 1);
  if (bytes[end - 2] === 0x71) ends.push(end - 2);
  if (bytes[end - 5] === 0x72) ends.push(end - 5);
  for (const last of ends) {
    for (let length = 1; length <= longest && length < last; length++) {
      const start = last - length;
      const isShort = bytes[start - 1] === length && (bytes[start - 2] === 0x8c || bytes[start - 2] === 0x55);
      const isLong = bytes[start - 5] === 0x58 && bytes.readUInt32LE(start - 4) === length;
      if (isShort || isLong)
        return { text: bytes.toString('latin1', start, last), start: start - (isShort ? 2 : 5) };
    }
  }
  return undefined;
}

function note(module: string, name: string, report: Report, offset: number): void {
  if (isPlainName(module) && isPlainName(name) && verdictOf(module, name) === 'dangerous')
    report.import(module, name, offset);
}

import type { Handler, Handlers } from './handlers';
import { most } from './limits';
import { littleEndian, parseInteger, rawUnicode, unquote } from './literals';
import type { Operand, PickleMachine } from './machine';
import { Bytes, Unknown } from './values';

/** The shortest constant that is looked into as a pickle of its own. */
const leastNested = 16;
/** Bytes kept of the end of a long constant. */
const tailLength = 64;

/** Opcodes that push a constant. */
export const constantHandlers: Handlers = {
  N: (machine) => machine.push(null),
  x88: (machine) => machine.push(true),
  x89: (machine) => machine.push(false),
  I: (machine, { bytes }) => {
    const text = bytes.toString('latin1');
    if (text === '00' || text === '01') machine.push(text === '01');
    else pushInteger(machine, text);
  },
  L: (machine, { bytes }) => pushInteger(machine, bytes.toString('latin1')),
  J: (machine, { bytes }) => machine.push(bytes.readInt32LE()),
  K: (machine, { bytes }) => machine.push(bytes[0] ?? 0),
  M: (machine, { bytes }) => machine.push(bytes.readUInt16LE()),
  x8a: (machine, { bytes }) => machine.push(littleEndian(bytes)),
  x8b: (machine, { bytes, length }) => {
    if (length > 0x7fffffff) throw machine.broken('a length is negative');
    machine.push(littleEndian(bytes));
  },
  F: (machine, { bytes }) => machine.push(Number(bytes.toString('latin1').trim() || NaN)),
  G: (machine, { bytes }) => machine.push(bytes.readDoubleBE()),
  S: (machine, { bytes }) => {
    const text = unquote(bytes);
    if (text === undefined) throw machine.broken('a string has no quotes');
    return pushText(machine, text);
  },
  V: (machine, { bytes }) => pushText(machine, rawUnicode(bytes)),
  T: (machine, operand) => {
    if (operand.length > 0x7fffffff) throw machine.broken('a length is negative');
    return pushEncoded(machine, operand, 'latin1');
  },
  U: (machine, operand) => pushEncoded(machine, operand, 'latin1'),
  X: (machine, operand) => pushEncoded(machine, operand, 'utf8'),
  x8c: (machine, operand) => pushEncoded(machine, operand, 'utf8'),
  x8d: (machine, operand) => pushEncoded(machine, operand, 'utf8'),
  B: pushBytes(),
  C: pushBytes(),
  x8e: pushBytes(),
  x96: pushBytes(),
};

function pushInteger(machine: PickleMachine, text: string): void {
  const value = parseInteger(text);
  if (value === undefined) throw machine.broken('a number can not be read');
  machine.push(value);
}

function pushEncoded(machine: PickleMachine, { bytes, length }: Operand, encoding: 'latin1' | 'utf8'): void {
  if (length > most.constant) machine.push(new Unknown());
  else pushText(machine, bytes.toString(encoding));
}

function pushText(machine: PickleMachine, text: string): void {
  if (text.length > 32) machine.context.limits.countText(text.length);
  machine.push(text);
}

function pushBytes(): Handler {
  return (machine, { bytes, length }) => addBytes(machine, bytes, length);
}

/** Pushes bytes, and looks into them where they may be a pickle of their own. */
export function addBytes(machine: PickleMachine, bytes: Buffer, length: number): void | Promise<void> {
  const { limits } = machine.context;
  if (length > 32) limits.countObject();
  const whole = bytes.length === length;
  const tail = whole && length > most.kept ? Buffer.from(bytes.subarray(-tailLength)) : undefined;
  machine.push(new Bytes(length, whole ? limits.keep(bytes) : undefined, tail));
  if (length <= leastNested) return;
  if (length > bytes.length) {
    if (startsLikePickle(bytes)) {
      const message = 'It holds bytes that start like a pickle and are too long to be looked into.';
      machine.report.find('danger', 'nested-pickle', message, machine.offset);
      machine.report.complete = false;
    }
    return;
  }
  if (startsLikePickle(bytes) || bytes[length - 1] === 0x2e)
    return machine.context.scanNested(Buffer.from(bytes), machine, machine.offset);
}

/** Whether a pickle of protocol 2 or later may start here. */
export function startsLikePickle(bytes: Buffer): boolean {
  const protocol = bytes[1];
  return bytes[0] === 0x80 && protocol !== undefined && protocol <= 5;
}

import type { Handlers } from './handlers';
import { parseInteger } from './literals';
import type { Operand, PickleMachine } from './machine';
import { Dict, Made, Sequence, type Value } from './values';

/** Opcodes of the stack, the memo, and of lists, tuples, dicts and sets. */
export const containerHandlers: Handlers = {
  '(': (machine) => {
    machine.context.limits.countObject();
    machine.mark();
  },
  '0': (machine) => {
    if (machine.isEmpty) machine.popMark();
    else machine.pop();
  },
  '1': (machine) => void machine.popMark(),
  '2': (machine) => machine.push(machine.top()),
  '.': (machine) => machine.stop(),

  ']': (machine) => pushSequence(machine, 'list', []),
  l: (machine) => pushSequence(machine, 'list', machine.popMark()),
  ')': (machine) => pushSequence(machine, 'tuple', []),
  t: (machine) => pushSequence(machine, 'tuple', machine.popMark()),
  x85: (machine) => pushSequence(machine, 'tuple', [machine.pop()]),
  x86: (machine) => {
    const second = machine.pop();
    pushSequence(machine, 'tuple', [machine.pop(), second]);
  },
  x87: (machine) => {
    const third = machine.pop();
    const second = machine.pop();
    pushSequence(machine, 'tuple', [machine.pop(), second, third]);
  },
  x8f: (machine) => pushSequence(machine, 'set', []),
  x91: (machine) => pushSequence(machine, 'frozenset', machine.popMark()),
  '}': (machine) => pushDict(machine, []),
  d: (machine) => pushDict(machine, evenly(machine, machine.popMark())),

  a: (machine) => {
    const item = machine.pop();
    addItems(machine, [item]);
  },
  e: extend,
  x90: extend,
  s: (machine) => {
    const value = machine.pop();
    const key = machine.pop();
    addEntries(machine, [key, value]);
  },
  u: (machine) => {
    const entries = evenly(machine, machine.popMark());
    addEntries(machine, entries);
  },

  p: (machine, { bytes }) => put(machine, readIndex(machine, bytes)),
  q: (machine, { bytes }) => put(machine, bytes[0] ?? 0),
  r: (machine, { bytes }) => put(machine, bytes.readUInt32LE()),
  x94: (machine) => put(machine, machine.memo.size),
  g: (machine, { bytes }) => get(machine, readIndex(machine, bytes)),
  h: (machine, { bytes }) => get(machine, bytes[0] ?? 0),
  j: (machine, { bytes }) => get(machine, bytes.readUInt32LE()),

  x80: (machine, { bytes }) => {
    const protocol = bytes[0] ?? 0;
    if (protocol > 5) throw machine.broken(`protocol ${protocol} is not known`);
    machine.protocol = protocol;
    machine.report.protocol = Math.max(machine.report.protocol, protocol);
  },
  x95: (machine, operand) => enterFrame(machine, operand),
};

function enterFrame(machine: PickleMachine, { bytes }: Operand): void {
  machine.frameEnd = machine.input.offset + Number(bytes.readBigUInt64LE());
}

function pushSequence(machine: PickleMachine, type: Sequence['type'], items: Value[]): void {
  machine.context.limits.countObject();
  machine.push(new Sequence(type, items));
}

function pushDict(machine: PickleMachine, entries: Value[]): void {
  machine.context.limits.countObject();
  machine.push(new Dict(entries));
}

function extend(machine: PickleMachine): void {
  const items = machine.popMark();
  addItems(machine, items);
}

function addItems(machine: PickleMachine, items: Value[]): void {
  const container = machine.top();
  if (!(container instanceof Sequence)) return;
  if (isFixed(container)) throw machine.broken(`a ${container.type} takes no items`);
  // Not spread into push: that has a limit to its arguments.
  for (const item of items) container.items.push(item);
}

function addEntries(machine: PickleMachine, entries: Value[]): void {
  const container = machine.top();
  if (container instanceof Sequence) {
    if (container.type !== 'list') throw machine.broken(`a ${container.type} takes no entries`);
    container.changed = true;
  }
  const dict = container instanceof Made ? container.entries : container;
  if (!(dict instanceof Dict)) return;
  for (const entry of entries) dict.entries.push(entry);
}

function isFixed({ type }: Sequence): boolean {
  return type === 'tuple' || type === 'frozenset';
}

function evenly(machine: PickleMachine, items: Value[]): Value[] {
  if (items.length % 2 === 1) throw machine.broken('a key has no value');
  return items;
}

function readIndex(machine: PickleMachine, bytes: Buffer): number {
  const index = parseInteger(bytes.toString('latin1'));
  if (typeof index !== 'number' || index < 0) throw machine.broken('a memo entry has no number');
  return index;
}

function put(machine: PickleMachine, index: number): void {
  const value = machine.top();
  if (!machine.memo.has(index)) machine.context.limits.countMemo();
  machine.memo.set(index, value);
}

function get(machine: PickleMachine, index: number): void {
  const value = machine.memo.get(index);
  if (value === undefined) throw machine.broken(`memo entry ${index} is missing`);
  machine.push(value);
}

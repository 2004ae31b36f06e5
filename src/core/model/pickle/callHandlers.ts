import { build } from './build';
import { call, instantiate } from './calls';
import type { Handlers } from './handlers';
import type { PickleMachine } from './machine';
import { nameFound } from './python2Names';
import { Global, isNoText, Sequence, Unknown, type Value } from './values';

/** Opcodes that import, call, or ask the loader for objects. */
export const callHandlers: Handlers = {
  c: (machine, { bytes, second }) => machine.push(importName(machine, bytes.toString(), second.toString())),
  x93: (machine) => {
    const name = machine.pop();
    const module = machine.pop();
    machine.push(importName(machine, module, name));
  },
  i: (machine, { bytes, second }) => {
    const cls = importName(machine, bytes.toString(), second.toString());
    machine.push(instantiate(machine, cls, machine.popMark()));
  },
  o: (machine) => {
    const args = machine.popMark();
    const cls = args.shift();
    if (cls === undefined) throw machine.broken('an object has no class');
    machine.push(instantiate(machine, cls, args));
  },
  x81: (machine) => {
    const args = machine.pop();
    machine.push(instantiate(machine, machine.pop(), argumentsOf(args)));
  },
  x92: (machine) => {
    machine.pop();
    const args = machine.pop();
    machine.push(instantiate(machine, machine.pop(), argumentsOf(args)));
  },
  R: (machine) => {
    const args = machine.pop();
    return call(machine, machine.pop(), argumentsOf(args));
  },
  b: (machine) => build(machine, machine.pop()),

  P: (machine, { bytes }) => askForId(machine, bytes.toString()),
  Q: (machine) => askForId(machine, machine.pop()),
  x82: (machine, { bytes }) => askForExtension(machine, bytes),
  x83: (machine, { bytes }) => askForExtension(machine, bytes),
  x84: (machine, { bytes }) => askForExtension(machine, bytes),
  x97: (machine) => {
    const message = 'Parts of it are not in this file (out-of-band buffers): the loader must bring them.';
    machine.report.find('warning', 'out-of-band', message, machine.offset);
    machine.push(new Unknown());
  },
  x98: (machine) => void machine.top(),
};

function importName(machine: PickleMachine, module: Value, name: Value): Value {
  const { report, offset } = machine;
  if (isNoText(module) || isNoText(name)) throw machine.broken('an import has no name');
  if (typeof module !== 'string' || typeof name !== 'string') {
    const known = [module, name].map((part) => (typeof part === 'string' ? part : '?')) as [string, string];
    const message = 'It imports something under a name that is only made while it is loaded.';
    report.find('danger', 'hidden-import', message, offset);
    return new Global(known[0], known[1], report.import(known[0], known[1], offset));
  }
  machine.context.limits.countObject();
  const protocol = machine.protocol ?? 0;
  const [realModule, realName] = nameFound(module, name, protocol);
  return new Global(realModule, realName, report.import(module, name, offset, protocol));
}

function argumentsOf(args: Value): Value[] {
  const isKnown =
    args instanceof Sequence && !args.changed && (args.type === 'tuple' || args.type === 'list');
  return isKnown ? args.items : [new Unknown()];
}

function askForId(machine: PickleMachine, id: Value): void {
  const storage = id instanceof Sequence && id.items[0] === 'storage';
  const message = storage
    ? 'It asks its loader for arrays by number, as those of torch do.'
    : 'It asks its loader for objects by an id. What those are is up to the loader.';
  machine.report.find(storage ? 'info' : 'warning', 'persistent-id', message, machine.offset);
  machine.push(new Unknown());
}

function askForExtension(machine: PickleMachine, code: Buffer): void {
  const number = code.readUIntLE(0, code.length);
  const message = `It imports entry ${number} of Python's extension registry, which stands for any name.`;
  machine.report.find('danger', 'extension-registry', message, machine.offset);
  machine.push(new Unknown());
}

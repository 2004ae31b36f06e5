import { noteHandedOn } from './callables';
import { addBytes } from './constantHandlers';
import type { PickleMachine } from './machine';
import { arrayOfBuffer, describeArray, dtypeOfName, isNumpyCore, scalarOf } from './numpyValues';
import { Bytes, Global, Made, Sequence, Unknown, type Value } from './values';

/** Encodings that turn text of small code points into the same bytes. */
const byteEncodings = /^(latin[-_]?1|iso[-_]?8859[-_]?1|l1)$/i;

/** Pushes what `callable(*args)` would answer, as far as that is known without calling it. */
export function call(machine: PickleMachine, callable: Value, args: Value[]): void | Promise<void> {
  noteCall(machine, callable, args);
  machine.context.limits.countObject();
  if (callable instanceof Global) {
    const bytes = bytesMade(callable, args);
    if (bytes instanceof Buffer) return addBytes(machine, bytes, bytes.length);
    machine.push(bytes ?? madeByName(machine, callable, args));
    return;
  }
  machine.push(new Made(callable, args, callable));
}

/** An instance of `cls`, as made without its `__init__`. */
export function instantiate(machine: PickleMachine, cls: Value, args: Value[]): Value {
  noteCall(machine, cls, args);
  machine.context.limits.countObject();
  return new Made(cls, args, cls);
}

function noteCall(machine: PickleMachine, callable: Value, args: Value[]): void {
  if (callable instanceof Global) {
    callable.entry.called = true;
    noteHandedOn(machine, callable, args);
    return;
  }
  const mayBeCalled =
    callable instanceof Unknown || (callable instanceof Made && !callable.array && !callable.dtype);
  if (!mayBeCalled) throw machine.broken('it calls what is no function');
  const message = 'It calls what another call answered, which can not be known.';
  const level = isMadeByCloudpickle(callable) ? 'warning' : 'danger';
  machine.report.find(level, 'computed-call', message, machine.offset);
}

function isMadeByCloudpickle(value: Value): boolean {
  return (
    value instanceof Made &&
    value.callable instanceof Global &&
    /^cloudpickle(\.|$)/.test(value.callable.module)
  );
}

/** Bytes of protocols that had none of their own: made from text, or from other bytes. */
function bytesMade(callable: Global, [first, second]: Value[]): Buffer | Value | undefined {
  if (callable.is('_codecs', 'encode')) {
    const readable = typeof first === 'string' && typeof second === 'string' && byteEncodings.test(second);

    if (!readable || /[^\0-\xff]/.test(first)) return new Unknown();
    return Buffer.from(first, 'latin1');
  }
  const isBytes = callable.is('builtins', 'bytes') || callable.is('builtins', 'bytearray');
  if (!isBytes) return undefined;
  if (first === undefined) return Buffer.alloc(0);
  if (first instanceof Bytes) return first;
  if (typeof first === 'string' && typeof second === 'string' && byteEncodings.test(second))
    return Buffer.from(first, 'latin1');
  return new Unknown();
}

/** What `list`, `tuple`, `set` or `frozenset` makes of another one. A set has an order of its own, and nothing twice. */
function collected(type: Sequence['type'], { type: from, items, changed }: Sequence): Value {
  const ordered = type === 'list' || type === 'tuple';
  const isKnown = !changed && !(ordered && (from === 'set' || from === 'frozenset'));
  return isKnown ? new Sequence(type, [...items]) : new Unknown();
}

function madeByName(machine: PickleMachine, callable: Global, args: Value[]): Value {
  const { module, name } = callable;
  const [first] = args;
  if (module === 'copyreg') {
    const makes = name === '_reconstructor' || name === '__newobj__' || name === '__newobj_ex__';
    if (!makes) return new Made(callable, args, undefined);
    if (first instanceof Global) first.entry.called = true;
    return new Made(callable, args, first);
  }
  if (
    module === 'builtins' &&
    (name === 'set' || name === 'frozenset' || name === 'list' || name === 'tuple')
  ) {
    if (first === undefined) return new Sequence(name, []);
    if (first instanceof Sequence) return collected(name, first);
  }
  if (callable.is('numpy', 'dtype')) {
    const made = new Made(callable, args, callable);
    made.dtype = dtypeOfName(first);
    return made;
  }
  if (isNumpyCore(module)) {
    if (name === '_reconstruct') return new Made(callable, args, first);
    if (name === 'scalar') return scalarOf(args) ?? new Made(callable, args, first);
    if (name === '_frombuffer') {
      const made = new Made(callable, args, undefined);
      made.array = arrayOfBuffer(args);
      if (made.array) machine.report.addArray(describeArray(made.array));
      return made;
    }
  }
  return new Made(callable, args, callable);
}

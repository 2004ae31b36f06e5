import { notePartialState } from './callables';
import { isWrapper, readWrapped } from './joblibArrays';
import type { PickleMachine } from './machine';
import { arrayWithState, describeArray, dtypeWithState, isNumpyCore, isNumpyDtype } from './numpyValues';
import { noteVersions } from './versions';
import { Dict, Global, isLiteral, isNoText, Made, Sequence, tupleItems, type Value } from './values';

/** Attributes by which Python itself would be told to call something. */
const callingAttributes = new Set([
  '__setstate__',
  '__reduce__',
  '__reduce_ex__',
  '__getattr__',
  '__getattribute__',
  '__class__',
  '__del__',
]);

/** Gives `state` to the object on top of the stack. */
export function build(machine: PickleMachine, state: Value): void | Promise<void> {
  const object = machine.top();
  const { report, offset } = machine;
  if (object instanceof Global) {
    const message = 'It changes what a class or module of the loader has.';
    report.find('danger', 'changes-class', message, offset);
  }
  if (!(object instanceof Made)) return;
  noteHiddenAttributes(machine, object, state);
  notePartialState(machine, object, state);
  for (const dict of statesOf(state)) {
    noteCallingAttributes(machine, dict);
    object.states.push(dict);
    noteVersions(report, object, dict);
  }
  if (isNumpyDtype(object)) buildDtype(machine, object, state);
  else if (isReconstructed(object)) buildArray(machine, object, state);
  if (isWrapper(object)) return readWrapped(machine, object, state);
}

function buildDtype(machine: PickleMachine, object: Made, state: Value): void {
  const order = tupleItems(state)?.[1];
  if (order !== undefined && isNoText(order)) throw machine.broken('a dtype has no order of bytes');
  object.dtype &&= dtypeWithState(object.dtype, state);
  if (object.dtype) return;
  const message = 'A dtype contradicts itself: raw bytes would be taken for objects.';
  machine.report.find('danger', 'array-data', message, machine.offset);
}

function buildArray({ report, offset }: PickleMachine, object: Made, state: Value): void {
  object.array = arrayWithState(state);
  if (!object.array) return;
  report.addArray(describeArray(object.array));
  if (!object.array.dtype.hasObject || object.array.items) return;
  const message =
    'An array of objects has something else than a list of them: raw bytes would be taken for objects.';
  report.find('danger', 'array-data', message, offset);
}

/** The dicts of a state: it is one, or a pair of one for `__dict__` and one for slots. */
function statesOf(state: Value): Dict[] {
  if (state instanceof Dict) return [state];
  const pair = tupleItems(state);
  return pair?.length === 2 ? pair.filter((part) => part instanceof Dict) : [];
}

function noteCallingAttributes(machine: PickleMachine, state: Dict): void {
  for (let at = 0; at < state.entries.length; at += 2) {
    const key = state.entries[at];
    if (typeof key !== 'string' || !callingAttributes.has(key)) continue;
    const message = `It replaces the method ${key} of an object, by which a loader can be made to call anything.`;
    machine.report.find('danger', 'changes-methods', message, machine.offset);
  }
}

/** Attributes that get their names only while it is loaded: any of those above may be among them. */
function noteHiddenAttributes(machine: PickleMachine, object: Made, state: Value): void {
  const parts = tupleItems(state)?.length === 2 ? (tupleItems(state) ?? []) : [state];
  const dicts = parts.map((part) => (part instanceof Made ? part.entries : part));
  const keys = dicts.flatMap((part) => (part instanceof Dict ? part.keys : []));
  if (keys.every(isLiteral) && (hasOwnSetstate(object) || isPlain(parts[1]))) return;
  const message = 'It sets attributes of an object under names that are only made while it is loaded.';
  machine.report.find('danger', 'hidden-attribute', message, machine.offset);
}

/** Whether a state for slots is no more than it looks: a dict, or what Python would refuse. */
function isPlain(slots: Value | undefined): boolean {
  return slots === undefined || slots instanceof Dict || slots instanceof Sequence || isLiteral(slots);
}

/** Whether its class is known to take a pair as a state of its own. */
function hasOwnSetstate({ callable }: Made): boolean {
  if (!(callable instanceof Global)) return false;
  return /^numpy\.random(\.|$)/.test(callable.module) || callable.name.startsWith('__pyx_unpickle_');
}

function isReconstructed({ callable }: Made): boolean {
  return callable instanceof Global && callable.name === '_reconstruct' && isNumpyCore(callable.module);
}

import type { PickleMachine } from './machine';
import { Global, Made, tupleItems, type Value } from './values';

/** Judges a call by the functions that are handed on to it, where it is known to keep or call them. */
export function noteHandedOn(machine: PickleMachine, callable: Global, args: Value[]): void {
  if (isPartial(callable)) notePartial(machine, callable, args[0]);
  if (callable.name === 'subimport' && /(^|\.)cloudpickle$/.test(callable.module))
    noteModule(machine, callable, args[0]);
  if (callable.module === 'numpy.random._pickle') {
    const makers = args.filter((arg) => arg instanceof Global && !/^numpy\.random(\.|$)/.test(arg.module));
    if (makers.length > 0) machine.report.condemn(callable.entry, 'call what it is given');
  }
}

/** Cloudpickle imports the modules that its functions use by their names. */
function noteModule(
  { report, offset, protocol }: PickleMachine,
  { entry }: Global,
  name: Value | undefined,
): void {
  if (typeof name === 'string') report.import(name, '', offset, protocol).called = true;
  else report.condemn(entry, 'import any module');
}

/** Judges the state that BUILD gives to a `functools.partial`, in which its function may be another. */
export function notePartialState(machine: PickleMachine, { callable }: Made, state: Value): void {
  if (callable instanceof Global && isPartial(callable))
    notePartial(machine, callable, tupleItems(state)?.[0]);
}

/** A function with some arguments given is no more than the function, which is judged where it is imported. */
function notePartial(machine: PickleMachine, { entry }: Global, given: Value | undefined): void {
  const isJudged =
    given instanceof Global ||
    (given instanceof Made && given.callable instanceof Global && isPartial(given.callable));
  if (!isJudged) machine.report.condemn(entry, 'reach any attribute, and so any function');
}

function isPartial({ module, name }: Global): boolean {
  return name === 'partial' && /^_?functools$/.test(module);
}

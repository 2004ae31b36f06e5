import { most } from './limits';
import { PickleMachine } from './machine';
import { bytesOfArray, describeArray, dtypeOf, shapeOf } from './numpyValues';
import { longestImport, noteRawImports } from './rawImports';
import type { Report } from './report';
import { LimitReached } from './scanErrors';
import { Dict, Global, Made, type ArrayFacts, type Value } from './values';

/** What joblib stores in a wrapper. */
const attributes = new Set([
  'subclass',
  'shape',
  'order',
  'dtype',
  'allow_mmap',
  'numpy_array_alignment_bytes',
]);

/** Whether the object is one that joblib writes in place of an array. */
export function isWrapper({ cls }: Made): boolean {
  return cls instanceof Global && /(^|\.)(NumpyArray|Z?NDArray)Wrapper$/.test(cls.name);
}

/** Reads the array that stands in the stream after its wrapper, and puts it in the wrapper's place on the stack. */
export async function readWrapped(machine: PickleMachine, wrapper: Made, state: Value): Promise<void> {
  const { report, input, options } = machine;
  if (wrapper.cls instanceof Global && !isJoblibs(wrapper.cls, report)) {
    const message = 'It names a wrapper of joblib as joblib never does: it is made to be read in two ways.';
    report.find('danger', 'array-data', message, machine.offset);
    return;
  }
  if (wrapper.cls instanceof Global && wrapper.cls.name !== 'NumpyArrayWrapper') {
    const message =
      'It loads arrays from other files beside it (joblib before 0.10), which are not looked into.';
    report.find('warning', 'other-file', message, machine.offset);
    return;
  }
  if (!options.joblib) return;
  report.hasJoblibArrays = true;
  if (machine.frameEnd > input.offset) {
    const message =
      'An array begins within a frame, where joblib never puts one: it is made to be read in two ways.';
    report.find('danger', 'array-in-frame', message, machine.offset);
    return;
  }
  const value = await readArray(machine, wrapper, isAsWritten(wrapper, state));
  machine.pop();
  machine.push(value);
}

/** Whether a loader of joblib knows its wrappers by this name, and all of them in this file by names of one module. */
function isJoblibs({ module, name }: Global, report: Report): boolean {
  report.wrapperModule ??= module;
  const isKnown = /^(sklearn\.externals\.)?joblib\.numpy_pickle(_compat)?$/.test(module);
  return isKnown && !name.includes('.') && module === report.wrapperModule;
}

/** Whether it has the one state that joblib gives it: otherwise the loader may find another size in it than is found here. */
function isAsWritten(wrapper: Made, state: Value): boolean {
  if (wrapper.states.length !== 1 || !(state instanceof Dict)) return false;
  const names = new Set(state.keys);
  return (
    names.size * 2 === state.entries.length &&
    state.keys.every((key) => typeof key === 'string' && attributes.has(key))
  );
}

async function readArray(machine: PickleMachine, wrapper: Made, asWritten: boolean): Promise<Value> {
  const { input, report, context } = machine;
  const dtype = dtypeOf(wrapper.attribute('dtype'));
  const shape = shapeOf(wrapper.attribute('shape'));
  const size = dtype && shape && bytesOfArray({ dtype, shape });
  if (!asWritten || !dtype || !shape || size === undefined) {
    report.find('danger', 'array-data', 'An array has a size that can not be known.', machine.offset);
    throw machine.broken('what follows an array of unknown size can not be found');
  }
  if (dtype.hasObject) return readObjects(machine);

  const alignment = wrapper.attribute('numpy_array_alignment_bytes') ?? null;
  if (alignment !== null) {
    const padding = (await input.read(1, 'the padding of an array'))[0] ?? 0;
    await input.skip(padding, 'the padding of an array');
  }
  const array: ArrayFacts = { dtype, shape };
  if (size <= most.kept) {
    const { offset } = input;
    const bytes = await input.read(size, 'an array');
    noteRawImports(bytes, report, offset);
    array.data = context.limits.keep(bytes);
  } else await pass(machine, size);
  report.addArray(describeArray(array));
  return madeOf(wrapper, array);
}

/** Passes over the items of a large array, looking at the first of them as long as there is time for that. */
async function pass(machine: PickleMachine, size: number): Promise<void> {
  const { input, report, context } = machine;
  let left = size;
  let before: Buffer = Buffer.alloc(0);
  while (left > 0 && context.limits.mayLookInto(most.kept)) {
    const count = Math.min(left, most.kept);
    const { offset } = input;
    const bytes = Buffer.concat([before, await input.read(count, 'an array')]);
    noteRawImports(bytes, report, offset - before.length);
    before = bytes.subarray(-longestImport);
    left -= count;
  }
  await input.skip(left, 'an array');
}

/** An array of objects is a whole pickle of its own, which is read without joblib. */
async function readObjects(machine: PickleMachine): Promise<Value> {
  const { input, report, context, options } = machine;
  const depth = options.depth + 1;
  if (depth > most.depth) throw new LimitReached(`it has pickles within pickles, ${most.depth} deep`);
  return new PickleMachine(input, report, context, { joblib: false, depth }).run();
}

function madeOf(wrapper: Made, array: ArrayFacts): Made {
  const made = new Made(wrapper, [], wrapper.attribute('subclass'));
  made.array = array;
  return made;
}

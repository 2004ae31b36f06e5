import { most } from './limits';
import { PickleMachine } from './machine';
import { bytesOfArray, describeArray, dtypeOf, shapeOf } from './numpyValues';
import { LimitReached } from './scanErrors';
import { Global, Made, type ArrayFacts, type Value } from './values';

/** Whether the object is one that joblib writes in place of an array. */
export function isWrapper({ cls }: Made): boolean {
  if (!(cls instanceof Global) || !/(^|\.)joblib\.numpy_pickle(_compat)?$/.test(cls.module)) return false;
  return cls.name === 'NumpyArrayWrapper' || cls.name === 'NDArrayWrapper' || cls.name === 'ZNDArrayWrapper';
}

/** Reads the array that stands in the stream after its wrapper, and puts it in the wrapper's place on the stack. */
export async function readWrapped(machine: PickleMachine, wrapper: Made): Promise<void> {
  const { report, input, options } = machine;
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
  const value = await readArray(machine, wrapper);
  machine.pop();
  machine.push(value);
}

async function readArray(machine: PickleMachine, wrapper: Made): Promise<Value> {
  const { input, report, context } = machine;
  const dtype = dtypeOf(wrapper.attribute('dtype'));
  const shape = shapeOf(wrapper.attribute('shape'));
  const size = dtype && shape && bytesOfArray({ dtype, shape });
  if (!dtype || !shape || size === undefined) {
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
  if (size <= most.kept) array.data = context.limits.keep(await input.read(size, 'an array'));
  else await input.skip(size, 'an array');
  report.addArray(describeArray(array));
  return madeOf(wrapper, array);
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

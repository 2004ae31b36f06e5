import type { PickleClass } from './pickleScan';
import { Dict, Global, type Made } from './values';

/** The name of a class that cloudpickle stores by value: `_make_skeleton_class(metaclass, name, bases, {'__module__': …}, …)`. */
export function classByValue({ callable, args }: Made): PickleClass | undefined {
  if (!(callable instanceof Global) || !/_make_skel(eton_class|_func)$/.test(callable.name)) return undefined;
  const [, name, , kwargs] = args;
  const module = kwargs instanceof Dict ? kwargs.get('__module__') : undefined;
  if (typeof name !== 'string') return undefined;
  return { module: typeof module === 'string' ? module : '__main__', name };
}

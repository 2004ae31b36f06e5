import { classByValue } from './madeClass';
import { itemsOf } from './numpyValues';
import type { EstimatorFacts, PickleClass, PickleStep } from './pickleScan';
import { Dict, Global, Made, Sequence, tupleItems, type Value } from './values';

const mostNames = 10_000;
const mostDepth = 8;

/** The class of an object; undefined for what has none that can be known. */
export function classOf(value: Value | undefined): PickleClass | undefined {
  if (value instanceof Dict) return { module: 'builtins', name: 'dict' };
  if (value instanceof Sequence) return { module: 'builtins', name: value.type };
  if (!(value instanceof Made)) return undefined;
  if (value.array && !(value.cls instanceof Global)) return { module: 'numpy', name: 'ndarray' };
  if (value.cls instanceof Global) return { module: value.cls.module, name: value.cls.name };
  return value.cls instanceof Made ? classByValue(value.cls) : undefined;
}

/** What the attributes of an estimator, or of those in it, say about inputs and outputs. */
export function estimatorFacts(root: Value | undefined, depth = 0): EstimatorFacts {
  if (!(root instanceof Made) || depth > mostDepth) return {};
  const own: EstimatorFacts = {
    featureCount: count(root.attribute('n_features_in_')),
    featureNames: texts(root.attribute('feature_names_in_')),
    classes: labels(root.attribute('classes_')),
    outputCount: count(root.attribute('n_outputs_')),
  };
  const best = root.attribute('best_estimator_');
  if (best instanceof Made) return { ...estimatorFacts(best, depth + 1), ...said(own) };
  const steps = root.attribute('steps');
  if (!(steps instanceof Sequence)) return said(own);
  const pairs = steps.items.map((item) => tupleItems(item) ?? []);
  const estimators = pairs.map(([, estimator]) => estimator).filter((one) => one instanceof Made);
  const first = estimatorFacts(estimators[0], depth + 1);
  const last = estimatorFacts(estimators.at(-1), depth + 1);
  return said({
    featureCount: own.featureCount ?? first.featureCount,
    featureNames: own.featureNames ?? first.featureNames,
    classes: own.classes ?? last.classes,
    outputCount: own.outputCount ?? last.outputCount,
    steps: pairs.slice(0, mostNames).flatMap(stepOf),
  });
}

function stepOf([name, estimator]: Value[]): PickleStep[] {
  if (typeof name !== 'string') return [];
  if (typeof estimator === 'string') return [{ step: name, name: estimator }];
  return [{ step: name, ...classOf(estimator) }];
}

function said(facts: EstimatorFacts): EstimatorFacts {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

function count(value: Value | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function listOf(value: Value | undefined): Value[] | undefined {
  const items =
    value instanceof Made && value.array
      ? itemsOf(value.array)
      : value instanceof Sequence
        ? value.items
        : undefined;
  return items && items.length > 0 && items.length <= mostNames ? items : undefined;
}

function texts(value: Value | undefined): string[] | undefined {
  const items = listOf(value);
  return items?.every((item) => typeof item === 'string') ? items : undefined;
}

function labels(value: Value | undefined): (string | number | boolean)[] | undefined {
  const items = listOf(value);
  const readable = items?.filter((item) => ['string', 'number', 'boolean'].includes(typeof item));
  return readable?.length === items?.length
    ? (readable as (string | number | boolean)[] | undefined)
    : undefined;
}

/** How much an import is known: `allowed` ones are what data science libraries need to put their own objects together. */
export type ImportVerdict = 'allowed' | 'unknown' | 'dangerous';

/** A name that a loader would import. Module and name are as they stand in the file, and can be anything. */
export interface PickleImport {
  module: string;
  /** Empty where it is the module that is imported. */
  name: string;
  /** Where it is first asked for, in bytes of the unpacked stream. */
  offset: number;
  /** Whether it is called, and not only referred to. */
  called: boolean;
  verdict: ImportVerdict;
  /** Whether its module is neither Python's nor of a package that is known. */
  own?: boolean;
  /** The member of a zip file it is in. */
  member?: string;
}

export function fullName(module: string, name: string): string {
  return name === '' ? module : `${module}.${name}`;
}

/** What a finding is about, as a word that code can act on. */
export type PickleFindingCode =
  | 'array-data'
  | 'array-in-frame'
  | 'broken'
  | 'carries-code'
  | 'changes-class'
  | 'changes-methods'
  | 'compression'
  | 'computed-call'
  | 'dangerous-import'
  | 'extension-registry'
  | 'hidden-attribute'
  | 'hidden-import'
  | 'known-imports'
  | 'limit'
  | 'missing-module'
  | 'mixed-versions'
  | 'nested-pickle'
  | 'odd-name'
  | 'other-file'
  | 'other-version'
  | 'own-module'
  | 'out-of-band'
  | 'persistent-id'
  | 'several-pickles'
  | 'shadowed-module'
  | 'trailing-data'
  | 'truncated'
  | 'unknown-import'
  | 'zip-member';

export interface PickleFinding {
  level: 'danger' | 'warning' | 'info';
  code: PickleFindingCode;
  /** A whole sentence for people; names from the file are quoted and escaped in it. */
  message: string;
  offset?: number;
  member?: string;
}

export interface PickleClass {
  module: string;
  name: string;
}

export interface PickleStep extends Partial<PickleClass> {
  /** The name of the step in its pipeline. */
  step: string;
}

/** What the outermost estimator says about its inputs and outputs. Absent is what it does not say readably. */
export interface EstimatorFacts {
  /** `n_features_in_` */
  featureCount?: number;
  /** `feature_names_in_` */
  featureNames?: string[];
  /** `classes_` */
  classes?: (string | number | boolean)[];
  /** `n_outputs_` */
  outputCount?: number;
  /** Steps of a pipeline; a step without class is a word like `passthrough`. */
  steps?: PickleStep[];
}

export interface PickleArray {
  /** As numpy writes it: `<f8`, `|O`, `<U5`, `|V56`. */
  dtype: string;
  shape: number[];
}

export type PickleCompression = 'zlib' | 'gzip' | 'bz2' | 'lzma' | 'xz' | 'lz4';

/**
 * What a pickle would do if it were loaded, found without loading it. No result means that a file is harmless:
 * it says what would be imported, and whether any of that is known to be dangerous.
 */
export interface PickleScan {
  format: 'pickle' | 'joblib' | 'zip' | 'npy';
  compression?: PickleCompression;
  /** The highest protocol that is announced; 0 when none is. */
  protocol: number;
  /** Whether everything was looked into. Where it is false, a loader may meet what is not listed here. */
  complete: boolean;
  imports: PickleImport[];
  /** The worst first. */
  findings: PickleFinding[];
  /** Versions of the libraries that wrote it, where they are stored. */
  versions: { sklearn?: string; xgboost?: string; lightgbm?: string };
  /** Classes of `__main__` and of modules no package is known for: `module.name`. */
  customClasses: string[];
  /** Class of the outermost object. */
  root: PickleClass | undefined;
  estimator: EstimatorFacts;
  /** The first thousand. */
  arrays: PickleArray[];
}

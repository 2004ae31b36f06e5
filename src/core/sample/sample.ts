import type { JsonValue, Tensor } from '../inference/tensor';

export type { TextRange } from '../jsonDocument';

/** Inputs with a name, and optionally the outputs that are expected for them. Values are nested or flat JSON arrays. */
export interface Sample {
  name: string;
  inputs: Record<string, JsonValue>;
  expected?: Record<string, JsonValue>;
  /** Relative tolerance of floats, default 1e-3. */
  rtol: number;
  /** Absolute tolerance, of integers too; default 1e-7. */
  atol: number;
}

/** A value that is not as it should be: which one, and why in a sentence. */
export interface Problem {
  message: string;
  /** A path into the sample: `['inputs', 'X', 0, 2]`. */
  path: (string | number)[];
}

/** What came of predicting with a sample. */
export interface SampleResult {
  sample: string;
  outputs: Tensor[];
  /** Round trip of the request. */
  milliseconds: number;
  /** Undefined when the sample expects nothing. */
  pass?: boolean;
  mismatches: Problem[];
}

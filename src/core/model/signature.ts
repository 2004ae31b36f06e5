import type { Datatype } from '../inference/tensor';

/** A fixed size, the name of a free dimension (`"batch"`), or null for a free dimension without a name. */
export type Dimension = number | string | null;

export interface TensorSpec {
  name: string;
  /** Absent when the protocol has no datatype for it; `type` then says what it is. */
  datatype?: Datatype;
  /** For people: `float32`, `string`, `int4`, `sequence(map(int64, float32))`. */
  type: string;
  /** Names of its columns, where the model was fitted on a table with names. */
  columns?: string[];
  /** Absent when the model does not state it (any rank) or the value is not a tensor. */
  shape?: Dimension[];
}

/** What a model takes and gives, in the model's own order. Initializers are not inputs. */
export interface Signature {
  inputs: TensorSpec[];
  outputs: TensorSpec[];
}

/** What an ONNX file says about itself without being run. */
export interface OnnxDescription {
  kind: 'onnx';
  signature: Signature;
  /** Bytes of the file itself, without external data. */
  size: number;
  irVersion: number;
  opsets: { domain: string; version: number }[];
  producer: string;
  producerVersion: string;
  graphName: string;
  doc: string;
  /** `metadata_props` of the model. */
  metadata: Record<string, string>;
}

import { isDatatype } from '../../core/inference/datatypes';
import { InferenceClient, type ModelMetadata } from '../../core/inference/client';
import type { TensorSpec } from '../../core/model/signature';
import type { Elsewhere } from './sampleRuns';

/** A running server that a sample can be sent to: an endpoint, or a revision on a target. */
export interface ModelServer {
  /** For people: `staging/iris/3`. */
  name: string;
  url: string;
  model: { name: string; path: string };
}

/** Asks the server what it takes: the file in the workspace may be another version by now, or gone. */
export async function connect({ name, url, model }: ModelServer, signal: AbortSignal): Promise<Elsewhere> {
  const client = new InferenceClient(url, model.name);
  const { inputs, outputs } = await client.metadata(signal);
  const signature = { inputs: inputs.map(specOf), outputs: outputs.map(specOf) };
  return { name, signature, infer: (tensors, until) => client.infer(tensors, until) };
}

/** The protocol writes `[]` for a scalar and for a rank that the model does not state, so that says nothing. */
function specOf({ name, datatype, shape }: ModelMetadata['inputs'][number]): TensorSpec {
  return {
    name,
    type: datatype,
    datatype: isDatatype(datatype) ? datatype : undefined,
    shape: shape.length > 0 ? shape.map((size) => (size < 0 ? null : size)) : undefined,
  };
}

import { isDatatype } from '../../core/inference/datatypes';
import { InferenceClient, type ModelMetadata } from '../../core/inference/client';
import type { TensorSpec } from '../../core/model/signature';
import type { Connection, Elsewhere } from './sampleRuns';

/** A running server that a sample can be sent to: an endpoint, or a revision on a target. */
export interface ModelServer {
  /** For people: `staging/iris/3`. */
  name: string;
  url: string;
  model: { name: string; path: string };
}

/** Reaches a server, and asks it what it takes: the file in the workspace may be another version by now, or gone. */
export async function connect({ url, model }: ModelServer, signal: AbortSignal): Promise<Connection> {
  const client = new InferenceClient(url, model.name);
  const { inputs, outputs } = await client.metadata(signal);
  const signature = { inputs: inputs.map(specOf), outputs: outputs.map(specOf) };
  return { signature, infer: (tensors, until) => client.infer(tensors, until) };
}

/** A server as a place to run samples: asked only once what it takes. */
export function elsewhere(server: ModelServer): Elsewhere {
  let known: Connection | undefined;
  return { name: server.name, connect: async (signal) => (known ??= await connect(server, signal)) };
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

import { InferenceClient } from '../../core/inference/client';
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
  const signature = await client.signature(signal);
  return { signature, infer: (tensors, until) => client.infer(tensors, until) };
}

/** A server as a place to run samples: asked only once what it takes. */
export function elsewhere(server: ModelServer): Elsewhere {
  let known: Connection | undefined;
  return { name: server.name, connect: async (signal) => (known ??= await connect(server, signal)) };
}

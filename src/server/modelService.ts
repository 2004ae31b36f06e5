import type { Tensor } from '../core/inference/tensor';
import type { Signature } from '../core/model/signature';
import type { Deadline } from './deadline';
import type { Exchange } from './http/exchange';

/** The model that this server serves, as the routes see it. */
export interface ModelService {
  readonly name: string;
  readonly version: string;
  /** The protocol's word for what runs it: `onnxruntime_onnx`. */
  readonly platform: string;
  readonly signature: Signature;
  /** Why it does not predict right now; undefined when it does. */
  notReady(): string | undefined;
  /**
   * Predicts. The inputs must fit the signature, in its order. Forgets the request when the client of `exchange` leaves, or
   * at the `deadline`; a run that has begun goes on. Rejects with `Failure`.
   */
  predict(inputs: Tensor[], exchange: Exchange, deadline?: Deadline): Promise<Tensor[]>;
}

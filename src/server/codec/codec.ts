import type { Tensor } from '../../core/inference/tensor';
import type { Signature } from '../../core/model/signature';
import { readPlain, writePlain } from './plain';
import type { PlainForm } from './plain';
import { readV2, writeV2 } from './v2';
import type { V2Form } from './v2';

/** A way to write requests and answers: the Open Inference Protocol, or plain JSON. */
export type Protocol = 'v2' | 'plain';

/** What an answer needs to know of its request. */
export type AnswerForm = { protocol: 'v2'; v2: V2Form } | { protocol: 'plain'; plain: PlainForm };

export interface ModelRequest {
  /** They fit the signature and are in its order. */
  inputs: Tensor[];
  form: AnswerForm;
}

/** The model as its clients address it. */
export interface ServedName {
  name: string;
  version: string;
}

/** Reads a request's body. Throws `Failure`. */
export function readRequest(protocol: Protocol, body: Buffer, signature: Signature): ModelRequest {
  if (protocol === 'v2') {
    const { inputs, form } = readV2(body, signature);
    return { inputs, form: { protocol, v2: form } };
  }
  const { inputs, form } = readPlain(body, signature);
  return { inputs, form: { protocol, plain: form } };
}

/** JSON text of an answer. */
export function writeAnswer(form: AnswerForm, outputs: Tensor[], model: ServedName): string {
  return form.protocol === 'v2' ? writeV2(model, form.v2, outputs) : writePlain(form.plain, outputs);
}

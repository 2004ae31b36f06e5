import type { Tensor } from '../../core/inference/tensor';
import type { Signature } from '../../core/model/signature';
import { readCsv } from './csv';
import { readInvocation } from './invocation';
import { asText } from './outputs';
import { readPlain, writePlain } from './plain';
import type { PlainForm } from './plain';
import { jsonOutputsOf, readV2, writeV2 } from './v2';
import type { V2Form } from './v2';

/** A way to write requests and answers: the Open Inference Protocol, plain JSON, or MLflow's invocations in JSON or CSV. */
export type Protocol = 'v2' | 'plain' | 'invocation' | 'csv';

/** What headers say of a body. */
export interface BodyHints {
  /** Where its JSON ends, if bytes of tensors come behind it. */
  jsonBytes?: number;
  /** Whether the first line of CSV has names; undefined where that is to be seen from the line. */
  header?: boolean;
}

/** What an answer needs to know of its request. */
export type AnswerForm = { protocol: 'v2'; v2: V2Form } | { protocol: 'plain'; plain: PlainForm };

export interface ModelRequest {
  /** They fit the signature and are in its order. */
  inputs: Tensor[];
  form: AnswerForm;
}

/** An answer: JSON text, and what comes as bytes behind it. */
export interface Answer {
  json: string;
  binary: Uint8Array[];
}

/** The model as its clients address it. */
export interface ServedName {
  name: string;
  version: string;
}

/** Reads a request's body. Throws `Failure`. */
export function readRequest(
  protocol: Protocol,
  body: Buffer,
  signature: Signature,
  hints: BodyHints = {},
): ModelRequest {
  if (protocol === 'v2') {
    const { inputs, form } = readV2(body, signature, hints.jsonBytes);
    return { inputs, form: { protocol, v2: form } };
  }
  if (protocol === 'plain') {
    const { inputs, form } = readPlain(body, signature);
    return { inputs, form: { protocol, plain: form } };
  }
  return {
    inputs: protocol === 'csv' ? readCsv(body, signature, hints.header) : readInvocation(body, signature),
    form: { protocol: 'plain', plain: 'predictions' },
  };
}

/** Throws `Failure` where an output that is to be text is none. */
export function writeAnswer(form: AnswerForm, outputs: Tensor[], model: ServedName): Answer {
  if (form.protocol === 'v2') return writeV2(model, form.v2, outputs);
  return { json: writePlain(form.plain, outputs.map(asText)), binary: [] };
}

/** The outputs that become JSON in the answer: what takes time. */
export function asJson(form: AnswerForm, outputs: Tensor[]): Tensor[] {
  return form.protocol === 'v2' ? jsonOutputsOf(form.v2, outputs) : outputs;
}

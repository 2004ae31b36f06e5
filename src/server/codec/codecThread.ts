import { parentPort, workerData } from 'node:worker_threads';
import type { TransferListItem } from 'node:worker_threads';
import { messageOf } from '../../core/errors';
import type { Tensor } from '../../core/inference/tensor';
import { bytesOf } from '../../core/inference/tensorBytes';
import type { Signature } from '../../core/model/signature';
import { Failure } from '../failure';
import { readRequest, writeAnswer } from './codec';
import type { AnswerForm, BodyHints, ModelRequest, Protocol, ServedName } from './codec';

/** What the thread knows from its start. */
export interface CodecThreadData {
  signature: Signature;
  model: ServedName;
}

/** From the front to the thread, one at a time. Bytes are handed over, not copied, where they lie in memory of their own. */
export type ToCodecThread =
  | { kind: 'read'; protocol: Protocol; body: Uint8Array; hints?: BodyHints }
  | { kind: 'write'; form: AnswerForm; outputs: Tensor[] };

/** From the thread to the front: an answer to each. */
export type FromCodecThread =
  | { kind: 'request'; request: ModelRequest }
  | { kind: 'answer'; json: Uint8Array; binary: Uint8Array[] }
  | { kind: 'failure'; status: number; message: string };

/** The thread's side: reads and writes what is too long to do between two other requests. */
export function runCodecThread(): void {
  const { signature, model } = workerData as CodecThreadData;
  parentPort?.on('message', (message: ToCodecThread) => {
    const reply = answer(message, signature, model);
    parentPort?.postMessage(reply, memoryOf(reply));
  });
}

function answer(message: ToCodecThread, signature: Signature, model: ServedName): FromCodecThread {
  try {
    if (message.kind === 'read') {
      const { buffer, byteOffset, byteLength } = message.body;
      const body = Buffer.from(buffer, byteOffset, byteLength);
      const { inputs, form } = readRequest(message.protocol, body, signature, message.hints);
      return { kind: 'request', request: { inputs: inputs.map(packed), form } };
    }
    const { json, binary } = writeAnswer(message.form, message.outputs, model);
    return { kind: 'answer', json: new TextEncoder().encode(json), binary };
  } catch (error) {
    if (error instanceof Failure) return { kind: 'failure', status: error.status, message: error.message };
    // Above all a string or an array that would be longer than the engine allows.
    return {
      kind: 'failure',
      status: 507,
      message: `The request or its answer is too long: ${messageOf(error)}.`,
    };
  }
}

/** Strings would be taken apart on this side and put together on the other, one by one. */
function packed(input: Tensor): Tensor {
  return Array.isArray(input.data) ? { ...input, data: bytesOf(input.data) } : input;
}

function memoryOf(reply: FromCodecThread): TransferListItem[] {
  if (reply.kind === 'answer') return [reply.json.buffer as ArrayBuffer];
  if (reply.kind === 'failure') return [];
  // Several inputs may be views of one body, and short ones of the pool that stays here.
  const memory = reply.request.inputs.map(({ data }) => (Array.isArray(data) ? undefined : data.buffer));
  const own = memory.filter((buffer) => buffer !== undefined && buffer.byteLength > Buffer.poolSize);
  return [...new Set(own)] as ArrayBuffer[];
}

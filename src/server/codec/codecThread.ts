import { parentPort, workerData } from 'node:worker_threads';
import type { TransferListItem } from 'node:worker_threads';
import { messageOf } from '../../core/errors';
import type { Tensor } from '../../core/inference/tensor';
import type { Signature } from '../../core/model/signature';
import { Failure } from '../failure';
import { readRequest, writeAnswer } from './codec';
import type { AnswerForm, ModelRequest, Protocol, ServedName } from './codec';

/** What the thread knows from its start. */
export interface CodecThreadData {
  signature: Signature;
  model: ServedName;
}

/** From the front to the thread. Bytes are handed over, not copied, where they lie in memory of their own. */
export type ToCodecThread = { id: number } & (
  | { kind: 'read'; protocol: Protocol; body: Uint8Array; jsonBytes?: number }
  | { kind: 'write'; form: AnswerForm; outputs: Tensor[] }
);

/** From the thread to the front. */
export type FromCodecThread = { id: number } & (
  | { kind: 'request'; request: ModelRequest }
  | { kind: 'answer'; json: Uint8Array; binary: Uint8Array[] }
  | { kind: 'failure'; status: number; message: string }
);

/** The thread's side: reads and writes what is too long to do between two other requests. */
export function runCodecThread(): void {
  const { signature, model } = workerData as CodecThreadData;
  parentPort?.on('message', (message: ToCodecThread) => {
    const reply = answer(message, signature, model);
    parentPort?.postMessage(reply, memoryOf(reply));
  });
}

function answer(message: ToCodecThread, signature: Signature, model: ServedName): FromCodecThread {
  const { id } = message;
  try {
    if (message.kind === 'read') {
      const { buffer, byteOffset, byteLength } = message.body;
      const body = Buffer.from(buffer, byteOffset, byteLength);
      return {
        id,
        kind: 'request',
        request: readRequest(message.protocol, body, signature, message.jsonBytes),
      };
    }
    const { json, binary } = writeAnswer(message.form, message.outputs, model);
    return { id, kind: 'answer', json: new TextEncoder().encode(json), binary };
  } catch (error) {
    if (error instanceof Failure)
      return { id, kind: 'failure', status: error.status, message: error.message };
    // Above all a string or an array that would be longer than the engine allows.
    return {
      id,
      kind: 'failure',
      status: 507,
      message: `The request or its answer is too long: ${messageOf(error)}.`,
    };
  }
}

function memoryOf(reply: FromCodecThread): TransferListItem[] {
  if (reply.kind === 'answer') return [reply.json.buffer as ArrayBuffer];
  if (reply.kind === 'failure') return [];
  return reply.request.inputs.flatMap(({ data }) =>
    Array.isArray(data) ? [] : [data.buffer as ArrayBuffer],
  );
}

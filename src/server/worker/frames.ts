/*
 * The pipe between the front and a worker: frames, one after another, in both directions. All numbers are little-endian.
 *
 *   offset  bytes  what
 *   0       4      "SLP1"
 *   4       4      H: length of the header
 *   8       8      B: length of the body
 *   16      H      header: a JSON object in UTF-8, with blanks behind it up to a multiple of 8
 *   16+H    B      body: the tensors that the header's "tensors" lists, in that order, each at a multiple of 8 from the
 *                  start of the body (zeros fill the gaps), "bytes" long
 *
 * A tensor's bytes are its values in row-major order. BOOL is one byte. A BYTES value is its length in 4 bytes and its UTF-8, or
 * for Python other bytes; a length of 0xffffffff stands for a value that is missing, and nothing follows it.
 *
 *   front → worker   {"kind":"load","model":PATH,"options":{…}}        once, first
 *   worker → front   {"kind":"loaded","described":{…}}  or  {"kind":"failed","reason":…,"message":…}
 *                    with "wide":true where there may be wide runs
 *   front → worker   {"kind":"run","id":N,"tensors":[…],"maxBytes":N}   one at a time; with "wide":true a wide one
 *   worker → front   {"kind":"result","id":N,"milliseconds":N,"tensors":[…]}  or  {"kind":"failed","id":N,"reason":…,"message":…}
 *
 * A model that does not say in its file what it takes is "described" by its worker, as {@link Described} has it.
 * Any answer may carry "usage":{"rss":BYTES,"cpuSeconds":N}. A worker reads frames from its standard input, ends when that ends, and
 * writes frames to file descriptor 3; its standard output is for whatever a library prints, and goes where its standard
 * error goes. Where a worker has only the three standard streams, a shell makes the fourth: `exec node onnxWorker.js 3>&1 1>&2`.
 */
import type { Datatype, Tensor, TensorData } from '../../core/inference/tensor';
import { arrayTypeOf, byteLengthOf } from '../../core/inference/datatypes';
import { bytesOf, dataFromBytes } from '../../core/inference/tensorBytes';
import type { Signature, TensorSpec } from '../../core/model/signature';

interface TensorHeader {
  name: string;
  datatype: Datatype;
  shape: number[];
  bytes: number;
}

/** Levels of onnxruntime's graph optimisation. */
export const graphOptimizations = ['disabled', 'basic', 'extended', 'all'] as const;
export type GraphOptimization = (typeof graphOptimizations)[number];

/** What somebody says that a model takes and gives; without outputs these are the model's own. */
export interface GivenSignature {
  inputs: Omit<TensorSpec, 'type'>[];
  outputs?: Omit<TensorSpec, 'type'>[];
}

export interface SessionOptions {
  /** ONNX only. */
  graphOptimization?: GraphOptimization;
  /** Of onnxruntime, in order of preference; absent for the processor. ONNX only. */
  executionProviders?: string[];
  /** Threads inside one operator; absent for as many as its runtime takes by itself. */
  intraOpThreads?: number;
  /**
   * Of wide runs, which have the machine to themselves; absent for none. A model that took more bytes than `mostBytes` when it was loaded
   * has none. ONNX only.
   */
  wide?: { threads: number; mostBytes: number };
  /** Whether trees may be walked directly where that gives the same; absent for yes. Python only. */
  fastForest?: boolean;
  /** Python only. */
  signature?: GivenSignature;
  /** False where the worker is to keep itself from the network before it loads the model, or not load it. Python only. */
  network?: false;
}

/** What a worker says about its model. */
export interface Described {
  signature: Signature;
  /** The protocol's word for what runs it. */
  platform: string;
  /** Whether a row is answered alone as it is next to others; undefined where nobody has tried. */
  batchable?: boolean;
}

export interface Usage {
  rss: number;
  cpuSeconds: number;
}

/**
 * `input`: the values are refused, or can not be given to any model of its kind, as far as that can be told from a failure; `model`: it
 * failed in a run; `memory`: it needed more than there is; `size`: its outputs are longer than `maxBytes`.
 */
export type FailureReason = 'load' | 'input' | 'model' | 'memory' | 'size';

export type ToWorker =
  | { kind: 'load'; model: string; options: SessionOptions }
  | { kind: 'run'; id: number; maxBytes: number; wide?: true; tensors?: TensorHeader[] };

export type FromWorker = (
  | { kind: 'loaded'; described?: Described; wide?: true }
  | { kind: 'result'; id: number; milliseconds: number; tensors?: TensorHeader[] }
  | { kind: 'failed'; id?: number; reason: FailureReason; message: string }
) & { usage?: Usage };

export interface Frame<Header> {
  header: Header;
  tensors: Tensor[];
}

/** A tensor on its way out, whose values may lie in several places: rows of several requests that run together. */
export interface OutgoingTensor {
  name: string;
  datatype: Datatype;
  shape: number[];
  parts: TensorData[];
}

export const preambleBytes = 16;
const magic = 0x31504c53;
const alignment = 8;
/** No honest header comes near: it holds names and shapes only. */
const maxHeaderBytes = 16 * 1024 * 1024;
/** Frames up to this length are copied into one buffer: one small copy costs less than several writes. */
const joinBytes = 64 * 1024;

const padded = (bytes: number) => Math.ceil(bytes / alignment) * alignment;
const padding = Buffer.alloc(alignment);

/** The buffers to write, in order. Long tensors are not copied. */
export function encodeFrame(header: ToWorker | FromWorker, tensors: OutgoingTensor[] = []): Uint8Array[] {
  const headers = tensors.map(({ name, datatype, shape, parts }): TensorHeader => {
    let bytes = 0;
    for (const data of parts) bytes += byteLengthOf({ data });
    return { name, datatype, shape, bytes };
  });
  let bodyBytes = 0;
  for (const { bytes } of headers) bodyBytes += padded(bytes);
  const kind = JSON.stringify(header);
  const json = tensors.length > 0 ? `${kind.slice(0, -1)},"tensors":${JSON.stringify(headers)}}` : kind;
  const jsonBytes = Buffer.byteLength(json);
  const start = preambleBytes + padded(jsonBytes);
  const isJoined = start + bodyBytes <= joinBytes;
  const frame = Buffer.allocUnsafe(isJoined ? start + bodyBytes : start);
  frame.writeUInt32LE(magic, 0);
  frame.writeUInt32LE(start - preambleBytes, 4);
  frame.writeUInt32LE(bodyBytes % 2 ** 32, 8);
  frame.writeUInt32LE(Math.floor(bodyBytes / 2 ** 32), 12);
  frame.write(json, preambleBytes);
  frame.fill(' ', preambleBytes + jsonBytes, start);
  if (!isJoined) return [frame, ...tensors.flatMap(piecesOf)];
  let at = start;
  for (let index = 0; index < tensors.length; index++) {
    const { bytes } = headers[index] as TensorHeader;
    put(tensors[index] as OutgoingTensor, frame, at, bytes);
    frame.fill(0, at + bytes, (at += padded(bytes)));
  }
  return [frame];
}

function piecesOf({ parts }: OutgoingTensor): Uint8Array[] {
  const pieces = parts.map(bytesOf);
  const bytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  const gap = padded(bytes) - bytes;
  return gap > 0 ? [...pieces, padding.subarray(0, gap)] : pieces;
}

/** Copies a tensor's values to where they belong. As values, not as bytes: a short array gets memory that bytes can be seen in only when that is asked for. */
function put({ datatype, parts }: OutgoingTensor, frame: Buffer, at: number, bytes: number): void {
  const Type = arrayTypeOf(datatype === 'BYTES' ? 'UINT8' : datatype);
  const target = new Type(frame.buffer, frame.byteOffset + at, bytes / Type.BYTES_PER_ELEMENT);
  let next = 0;
  for (const part of parts) {
    const values = Array.isArray(part) ? bytesOf(part) : part;
    target.set(values as never, next);
    next += values.length;
  }
}

/** Lengths of the header and of the body. Throws when these bytes do not start a frame. */
export function decodePreamble(bytes: Buffer): { headerBytes: number; bodyBytes: number } {
  const headerBytes = bytes.readUInt32LE(4);
  if (bytes.readUInt32LE(0) !== magic || headerBytes > maxHeaderBytes) {
    throw new Error('The bytes on the pipe between the server and its worker are no frame.');
  }
  return { headerBytes, bodyBytes: bytes.readUInt32LE(8) + bytes.readUInt32LE(12) * 2 ** 32 };
}

/** A frame from its header and its body. BYTES values stay packed. The tensors are views of `body` where its memory is aligned for them, as that of an own buffer is. */
export function decodeFrame<Header>(json: Buffer, body: Buffer): Frame<Header> {
  const header = JSON.parse(json.toString()) as Header & { tensors?: TensorHeader[] };
  const tensors: Tensor[] = [];
  let offset = 0;
  for (const { name, datatype, shape, bytes } of header.tensors ?? []) {
    tensors.push({
      name,
      datatype,
      shape,
      data: dataFromBytes(datatype, shape, body.subarray(offset, offset + bytes), true),
    });
    offset += padded(bytes);
  }
  return { header, tensors };
}

import assert from 'node:assert/strict';
import type { Datatype, TensorData } from '../../../src/core/inference/tensor';
import { unpacked } from '../../../src/core/inference/tensorBytes';
import { FrameReader } from '../../../src/server/worker/frameReader';
import { encodeFrame } from '../../../src/server/worker/frames';
import type { Frame, OutgoingTensor, ToWorker } from '../../../src/server/worker/frames';

const run: ToWorker = { kind: 'run', id: 7, maxBytes: 1000 };
const tensor = (
  name: string,
  datatype: Datatype,
  shape: number[],
  ...parts: TensorData[]
): OutgoingTensor => ({
  name,
  datatype,
  shape,
  parts,
});
const mixed = [
  tensor('bytes', 'UINT8', [3], Uint8Array.of(1, 2), Uint8Array.of(3)),
  tensor('long', 'INT64', [1], BigInt64Array.of(-5n)),
  tensor('words', 'BYTES', [2, 1], ['é', '']),
  tensor('none', 'FP32', [0, 4], new Float32Array(0)),
  tensor('floats', 'FP64', [], Float64Array.of(0.1)),
];

/** What comes out when the bytes arrive in pieces of this size. */
function read(bytes: Uint8Array, size: number, maxBody = 1e6): Frame<ToWorker>[] {
  const frames: Frame<ToWorker>[] = [];
  const reader = new FrameReader<ToWorker>((frame) => frames.push(frame), maxBody);
  for (let at = 0; at < bytes.length; at += size) reader.push(Buffer.from(bytes.subarray(at, at + size)));
  return frames;
}

describe('frames', () => {
  const bytes = Buffer.concat([...encodeFrame(run, mixed), ...encodeFrame(run), ...encodeFrame(run, mixed)]);

  for (const size of [1, 7, 16, 64, 1e6]) {
    it(`come out whole from pieces of ${size} bytes`, () => {
      const frames = read(bytes, size);
      assert.equal(frames.length, 3);
      assert.deepEqual(frames[1]?.tensors, []);
      for (const frame of [frames[0], frames[2]]) {
        assert.deepEqual(
          frame?.tensors.map(unpacked),
          mixed.map(({ name, datatype, shape, parts }) => ({
            name,
            datatype,
            shape,
            data: name === 'bytes' ? Uint8Array.of(1, 2, 3) : parts[0],
          })),
        );
      }
    });
  }

  it('hold long tensors without a copy', () => {
    const data = new Float32Array(50_000).fill(1);
    const buffers = encodeFrame(run, [tensor('x', 'FP32', [50_000], data)]);
    assert.ok(buffers.some(({ buffer }) => buffer === data.buffer));
    assert.deepEqual(read(Buffer.concat(buffers), 1000)[0]?.tensors[0]?.data, data);
  });

  it('are told from other bytes', () => {
    assert.throws(() => read(Buffer.from('Hello, I am a library and I print.\n'), 100), /no frame/);
  });

  it('are refused when they claim to be longer than they may, before memory is taken', () => {
    const long = Buffer.from(encodeFrame(run)[0] as Uint8Array);
    long.writeUInt32LE(0xffff, 12);
    assert.throws(() => read(long, 100), /longer answer than it may/);
    const header = Buffer.from(encodeFrame(run)[0] as Uint8Array);
    header.writeUInt32LE(0xffffffff, 4);
    assert.throws(() => read(header, 100), /no frame/);
  });

  it('are refused when a tensor is not as long as its shape', () => {
    const wrong = encodeFrame(run, [tensor('x', 'FP32', [3], new Float32Array(2))]);
    assert.throws(() => read(Buffer.concat(wrong), 100), /expected 12 bytes of FP32, got 8/);
  });
});

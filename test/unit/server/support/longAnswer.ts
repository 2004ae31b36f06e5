import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { TestServer } from './serverProcess';

/** A model that gives back what it takes: what is sent to it is how long its answer is. */
export const echo = 'test/unit/server/models/echo.onnx';

const others = 'BOOL UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FLOAT DOUBLE'.split(' ');

/** A request to `echo` as it goes over the wire, whose answer has so many bytes of values. */
export function echoRequest(bytes: number): Buffer {
  const binary = (name: string, datatype: string, shape: number[], size: number) => ({
    name: `${name}_in`,
    datatype,
    shape,
    parameters: { binary_data_size: size },
  });
  const datatypes: Record<string, string> = { FLOAT: 'FP32', DOUBLE: 'FP64' };
  const inputs = [
    ...others.map((name) => ({
      name: `${name}_in`,
      datatype: datatypes[name] ?? name,
      shape: [1, 1],
      data: [name === 'BOOL' ? true : 1],
    })),
    { name: 'STRING_in', datatype: 'BYTES', shape: [1, 1], data: ['x'] },
    binary('FLOAT16', 'FP16', [1, 1], 2),
    binary('UINT8', 'UINT8', [1, bytes], bytes),
  ];
  const json = JSON.stringify({
    inputs,
    outputs: [{ name: 'UINT8_out', parameters: { binary_data: true } }],
  });
  const head = [
    'POST /v2/models/echo/infer HTTP/1.1',
    'Host: x',
    `Inference-Header-Content-Length: ${json.length}`,
    `Content-Length: ${json.length + 2 + bytes}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n${json}`), Buffer.alloc(2 + bytes)]);
}

export async function connectTo(server: TestServer): Promise<Socket> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the connection ends. */
export async function all(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

/** Sends a request for a long answer; resolves once that has begun to come. From then on, nothing more of it is read. */
export async function askAndStall(
  server: TestServer,
  request: Buffer,
): Promise<{ socket: Socket; head: Buffer }> {
  const socket = await connectTo(server);
  socket.on('error', () => undefined);
  socket.write(request);
  const [head] = (await once(socket, 'data')) as [Buffer];
  socket.pause();
  return { socket, head };
}

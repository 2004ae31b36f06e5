import { once } from 'node:events';
import type { Agent, ClientRequest } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { parse } from 'lossless-json';
import { binaryRequest, fromJson, jsonOf, jsonRequest, readAnswer } from '../conformance/ask';
import type { Named, Sent } from '../conformance/ask';
import { unlike } from './load';
import type { Random, Subject } from './subjects';

/** Limits of the servers under test. */
export const limits = { bodyMib: 2, requestSeconds: 4 };

/** A good request with the model's own answer. */
export interface Sample {
  inputs: Named[];
  outputs: Named[];
}

/** What a kind of request needs to know. */
export interface Scene {
  url: string;
  subject: Subject;
  sample: Sample;
  random: Random;
}

/** A request, and what may come back. */
export interface Attempt {
  path: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  write?: (request: ClientRequest) => void;
  /** What `/metrics` counts it as. */
  route: string;
  /** The status that it must have. */
  status: number;
  /** Whether it may come too slowly when this process has little time. */
  slow?: boolean;
  /** What is wrong with the body of its answer. */
  check?: (body: Buffer, head: string | null) => string | undefined;
}

const inferPath = (subject: Subject) => `/v2/models/${subject.name}/infer`;

function infer({ subject, sample }: Scene, sent: Sent, sending: Partial<Attempt> = {}): Attempt {
  return {
    path: inferPath(subject),
    route: 'infer',
    status: 200,
    ...sent,
    check: (body, head) => unlike(readAnswer(200, body, head), sample.outputs),
    ...sending,
  };
}

function bad(scene: Scene, body: string | Uint8Array, sending: Partial<Attempt> = {}): Attempt {
  return { path: inferPath(scene.subject), route: 'infer', body, status: 400, check: hasWords, ...sending };
}

function hasWords(body: Buffer): string | undefined {
  const text = body.toString();
  return /^\{"error":"[^"]/.test(text) ? undefined : `no words: ${text.slice(0, 100)}`;
}

/** The values of a tensor nested as its shape says, as JSON text. */
function nestedText({ shape, values }: Named): string {
  let next = 0;
  const build = (axis: number): string =>
    axis === shape.length
      ? jsonOf(values[next++] as never)
      : `[${Array.from({ length: shape[axis] as number }, () => build(axis + 1)).join(',')}]`;
  return build(0);
}

function plain({ sample }: Scene): Attempt {
  const inputs = sample.inputs.map((input) => `${JSON.stringify(input.name)}:${nestedText(input)}`);
  return {
    path: '/predict',
    route: 'predict',
    status: 200,
    headers: { 'Content-Type': 'application/json' },
    body: `{"inputs":{${inputs.join(',')}}}`,
    check: (body) => {
      const { outputs } = parse(body.toString()) as { outputs: Record<string, unknown> };
      const got = Object.entries(outputs).map(([name, data], index): Named => {
        const { datatype, shape } = sample.outputs[index] as Named;
        return {
          name,
          datatype,
          shape,
          values: [data].flat(Infinity).map((value) => fromJson(datatype, value)),
        };
      });
      return unlike(got, sample.outputs);
    },
  };
}

/** The body and its end, a few bytes at a time, in about half a second. */
function slowly(body: string | Uint8Array): (request: ClientRequest) => void {
  return (request) => {
    const bytes = Buffer.from(body as Uint8Array);
    const step = Math.max(1, Math.ceil(bytes.length / 100));
    void (async () => {
      for (let at = 0; at < bytes.length; at += step) {
        if (request.destroyed) return;
        request.write(bytes.subarray(at, at + step));
        await sleep(5);
      }
      request.end();
    })();
  };
}

const tooLong = Buffer.alloc((limits.bodyMib + 0.5) * 2 ** 20, 0x20);
const bomb = gzipSync(Buffer.alloc(limits.bodyMib * 8 * 2 ** 20));

/** Requests by kind; how often each comes is beside it. */
export const kinds: [weight: number, make: (scene: Scene) => Attempt][] = [
  [30, (scene) => infer(scene, jsonRequest(scene.sample.inputs))],
  [30, (scene) => infer(scene, binaryRequest(scene.sample.inputs))],
  [20, plain],
  [
    10,
    (scene) => {
      const { headers, body } = jsonRequest(scene.sample.inputs);
      const packed = { ...headers, 'Content-Encoding': 'gzip', 'Accept-Encoding': 'gzip' };
      return infer(scene, { headers: packed, body: new Uint8Array(gzipSync(body)) });
    },
  ],
  [
    4,
    ({ subject }) => ({ method: 'GET', path: `/v2/models/${subject.name}`, route: 'metadata', status: 200 }),
  ],
  [4, () => ({ method: 'GET', path: '/v2/health/live', route: 'health', status: 200 })],
  // Bad ones.
  [2, (scene) => bad(scene, textOf(scene).replace('"name":"', '"name":"no such '))],
  [2, (scene) => bad(scene, textOf(scene).replace(/"shape":\[/, '"shape":[3,5,'))],
  [2, (scene) => bad(scene, textOf(scene).replace(/"datatype":"\w+"/, '"datatype":"COMPLEX"'))],
  [2, (scene) => bad(scene, textOf(scene).slice(0, -2))],
  [1, (scene) => bad(scene, textOf(scene), { headers: { 'Inference-Header-Content-Length': '1e9' } })],
  [1, (scene) => bad(scene, 'not packed', { headers: { 'Content-Encoding': 'gzip' } })],
  [1, (scene) => bad(scene, textOf(scene), { path: '/v2/models/nobody/infer', status: 404 })],
  [1, (scene) => bad(scene, '{}', { path: '/nowhere', route: 'other', status: 404 })],
  [1, (scene) => bad(scene, '{}', { method: 'PUT', route: 'other', status: 405 })],
  [1, (scene) => bad(scene, '[1]', { path: '/invocations', route: 'invocations', status: 415 })],
  [
    2,
    (scene) => {
      const { failing } = scene.subject;
      return failing
        ? bad(scene, jsonRequest(failing).body, { status: 500 })
        : infer(scene, jsonRequest(scene.sample.inputs));
    },
  ],
  // Huge ones: that say it, that do not, and that hide it.
  [0.5, (scene) => bad(scene, tooLong, { status: 413 })],
  [0.5, (scene) => bad(scene, '', { status: 413, write: (request) => request.end(tooLong) })],
  [0.5, (scene) => bad(scene, bomb, { status: 413, headers: { 'Content-Encoding': 'gzip' } })],
  // Slow ones: in time, and not.
  [
    1,
    (scene) => {
      const { headers, body } = binaryRequest(scene.sample.inputs);
      return infer(scene, { headers, body: '' }, { write: slowly(body), slow: true });
    },
  ],
  [0.3, (scene) => bad(scene, '', { status: 408, write: (request) => void request.write('{"inputs":') })],
];

function textOf({ sample }: Scene): string {
  return jsonRequest(sample.inputs).body as string;
}

/** How a client leaves: before its request is complete, which can only be counted as 499, or after that. */
export interface Leaving {
  complete: boolean;
}

/** Sends a request over a connection of its own and leaves. */
export async function leave({ url, subject, sample, random }: Scene): Promise<Leaving> {
  const { headers, body } = binaryRequest(sample.inputs);
  const complete = random() < 0.5;
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const lines = Object.entries({ Host: 'x', ...headers, 'Content-Length': String(body.length) });
  socket.write(
    `POST ${inferPath(subject)} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  );
  socket.write(complete ? body : body.slice(0, Math.floor(body.length * random())));
  if (random() < 0.7) await sleep(random() * 10);
  socket.destroy();
  return { complete };
}

export type { Agent };

import { once } from 'node:events';
import type { ClientRequest } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { parse } from 'lossless-json';
import { binaryRequest, fromJson, jsonOf, jsonRequest, readAnswer } from '../conformance/ask';
import type { Named, Sent } from '../conformance/ask';
import { unlike } from './load';
import type { Entry } from './books';
import type { Random, Subject } from './subjects';

/** Limits of the servers under test. */
export const limits = { bodyMib: 2, requestSeconds: 4, runSeconds: 3 };

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
  /** One with a long answer, where the subject has such. */
  long: Sample | undefined;
  random: Random;
}

/** A request, and what may come back. */
export interface Attempt extends Entry {
  path: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  write?: (request: ClientRequest) => void;
  readsSlowly?: boolean;
  /** The status that it must have. */
  status: number;
  /** Another one that it may have. */
  orElse?: number;
  /** Whether the worker may be ended for it. */
  ends?: boolean;
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
    held: lengthOf(sent.body),
    rows: rowsOf(sample),
    ...sent,
    check: (body, head) => unlike(readAnswer(200, body, head), sample.outputs),
    ...sending,
  };
}

function bad(scene: Scene, body: string | Uint8Array, sending: Partial<Attempt> = {}): Attempt {
  return {
    path: inferPath(scene.subject),
    route: 'infer',
    body,
    held: lengthOf(body),
    status: 400,
    check: hasWords,
    ...sending,
  };
}

/** Something that is refused before its body is read. */
function refused(scene: Scene, sending: Partial<Attempt>): Attempt {
  return bad(scene, '{}', { held: 0, status: 404, ...sending });
}

const lengthOf = (body: string | Uint8Array) => Buffer.byteLength(body);

function rowsOf({ inputs }: Sample): number {
  return inputs[0]?.shape[0] ?? 1;
}

/** The client waits for so many milliseconds. */
const deadline = (milliseconds: number) => ({ 'X-Envoy-Expected-Rq-Timeout-Ms': String(milliseconds) });

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
  const body = `{"inputs":{${inputs.join(',')}}}`;
  return {
    path: '/predict',
    route: 'predict',
    status: 200,
    headers: { 'Content-Type': 'application/json' },
    body,
    held: lengthOf(body),
    rows: rowsOf(sample),
    check: (answer) => {
      const { outputs } = parse(answer.toString()) as { outputs: Record<string, unknown> };
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

/** A request by a kind of client. */
type Kind = [weight: number, make: (scene: Scene) => Attempt];

/** Requests that leave no doubt of what must be counted, by kind; how often each comes is beside it. */
export const exactKinds: Kind[] = [
  [30, (scene) => infer(scene, jsonRequest(scene.sample.inputs))],
  [30, (scene) => infer(scene, binaryRequest(scene.sample.inputs))],
  [20, plain],
  [
    4,
    (scene) => {
      const { headers, body } = binaryRequest(scene.sample.inputs);
      return infer(scene, { headers: { ...headers, ...deadline(60_000) }, body });
    },
  ],
  [
    4,
    ({ subject }) => ({
      method: 'GET',
      path: `/v2/models/${subject.name}`,
      route: 'metadata',
      status: 200,
      held: 0,
    }),
  ],
  [4, () => ({ method: 'GET', path: '/v2/health/live', route: 'health', status: 200, held: 0 })],
  [2, (scene) => bad(scene, textOf(scene).replace('"name":"', '"name":"no such '))],
  [2, (scene) => bad(scene, textOf(scene).replace(/"shape":\[/, '"shape":[3,5,'))],
  [2, (scene) => bad(scene, textOf(scene).replace(/"datatype":"\w+"/, '"datatype":"COMPLEX"'))],
  [2, (scene) => bad(scene, textOf(scene).slice(0, -2))],
  [1, (scene) => bad(scene, textOf(scene), { headers: { 'Inference-Header-Content-Length': '1e9' } })],
  [1, (scene) => refused(scene, { path: '/v2/models/nobody/infer' })],
  [1, (scene) => refused(scene, { path: '/nowhere', route: 'other' })],
  [1, (scene) => refused(scene, { method: 'PUT', route: 'other', status: 405 })],
  [1, (scene) => refused(scene, { path: '/invocations', route: 'invocations', status: 415 })],
  [
    2,
    (scene) => {
      const { failing } = scene.subject;
      if (!failing) return infer(scene, jsonRequest(scene.sample.inputs));
      return bad(scene, jsonRequest(failing).body, { status: 500, rows: 1 });
    },
  ],
];

/** All that is sent, by kind. */
export const kinds: Kind[] = [
  ...exactKinds,
  [
    10,
    (scene) => {
      const { headers, body } = jsonRequest(scene.sample.inputs);
      const packed = { ...headers, 'Content-Encoding': 'gzip', 'Accept-Encoding': 'gzip' };
      const sent = { headers: packed, body: new Uint8Array(gzipSync(body)) };
      return infer(scene, sent, { held: undefined });
    },
  ],
  [1, (scene) => bad(scene, 'not packed', { held: undefined, headers: { 'Content-Encoding': 'gzip' } })],
  // Huge ones: that say it, that do not, and that hide it.
  [0.5, (scene) => bad(scene, tooLong, { held: undefined, status: 413 })],
  [
    0.5,
    (scene) => bad(scene, '', { held: undefined, status: 413, write: (request) => request.end(tooLong) }),
  ],
  [
    0.5,
    (scene) => bad(scene, bomb, { held: undefined, status: 413, headers: { 'Content-Encoding': 'gzip' } }),
  ],
  // Slow ones: in time, and not.
  [
    1,
    (scene) => {
      const { headers, body } = binaryRequest(scene.sample.inputs);
      return infer(scene, { headers, body: '' }, { held: lengthOf(body), write: slowly(body), slow: true });
    },
  ],
  [
    0.3,
    (scene) =>
      bad(scene, '', { held: undefined, status: 408, write: (request) => void request.write('{"inputs":') }),
  ],
  // That read a long answer slowly.
  [
    1,
    (scene) => {
      const long = { ...scene, sample: scene.long ?? scene.sample };
      const ask = scene.random() < 0.5 ? jsonRequest : binaryRequest;
      return infer(long, ask(long.sample.inputs), { readsSlowly: true });
    },
  ],
  // That wait for a moment only.
  [
    3,
    (scene) => {
      const { headers, body } = binaryRequest(scene.sample.inputs);
      const hurried = { ...headers, ...deadline(1 + Math.floor(scene.random() * 5)) };
      return infer(scene, { headers: hurried, body }, { orElse: 504 });
    },
  ],
  [
    0.3,
    (scene) => {
      const { endless } = scene.subject;
      if (!endless) return infer(scene, jsonRequest(scene.sample.inputs));
      const { headers, body } = binaryRequest(endless);
      const hurried = { ...headers, ...deadline(300) };
      return infer(scene, { headers: hurried, body }, { status: 504, rows: 1, ends: true, check: hasWords });
    },
  ],
];

function textOf({ sample }: Scene): string {
  return jsonRequest(sample.inputs).body as string;
}

/** How a client left: before its request was complete, which can only be counted as 499, after that, or in the middle of its answer. */
export type Leaving = Entry &
  ({ when: 'early' } | { when: 'late' } | { when: 'reading'; status: number; bytes: number });

/** Sends a request over a connection of its own and leaves. */
export async function leave({ url, subject, sample, long, random }: Scene): Promise<Leaving> {
  const when = pick(random, ['early', 'late', 'reading'] as const);
  const asked = when === 'reading' ? (long ?? sample) : sample;
  const { headers, body } = binaryRequest(asked.inputs);
  const entry: Entry = { route: 'infer', held: body.length, rows: rowsOf(asked) };
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const lines = Object.entries({ Host: 'x', ...headers, 'Content-Length': String(body.length) });
  socket.write(
    `POST ${inferPath(subject)} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  );
  socket.write(when === 'early' ? body.slice(0, Math.floor(body.length * random())) : body);
  const head = when === 'reading' ? await headOf(socket) : undefined;
  if (random() < 0.7) await sleep(random() * (head ? 100 : 10));
  socket.destroy();
  if (when === 'reading') return head ? { ...entry, when, ...head } : { ...entry, when: 'late' };
  return { ...entry, when };
}

/** Status and length of an answer of which no more is read; undefined when none comes. */
async function headOf(socket: Socket): Promise<{ status: number; bytes: number } | undefined> {
  const first = Promise.race([once(socket, 'data'), once(socket, 'close')]);
  const [chunk] = (await first.catch(() => [])) as unknown[];
  if (!Buffer.isBuffer(chunk)) return undefined;
  socket.pause();
  const text = chunk.toString('latin1');
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
  return { status, bytes: Number(/^content-length: (\d+)/im.exec(text)?.[1]) };
}

/** One of these. */
export function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

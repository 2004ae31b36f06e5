import { randomUUID } from 'node:crypto';
import { byteLengthOf } from '../../core/inference/datatypes';
import type { Tensor } from '../../core/inference/tensor';
import type { Signature } from '../../core/model/signature';
import { asJson, readRequest, writeAnswer } from '../codec/codec';
import type { AnswerForm, BodyHints, Protocol } from '../codec/codec';
import { within } from '../deadline';
import type { Deadline } from '../deadline';
import { comeAgain, Failure } from '../failure';
import type { Exchange } from '../http/exchange';
import type { Handler, Router } from '../http/router';
import { checkModel, modelPaths } from './paths';
import type { RouteContext } from './routes';

/** Text from this length on is read and written in a thread: that is about 2 ms. */
const bulkBytes = 128 * 1024;
/** The binary extension's header: how long the JSON is that the bytes of tensors follow. */
export const jsonLengthHeader = 'Inference-Header-Content-Length';

/** Everything that predicts, in every form that platforms send. */
export function addPredictions(router: Router, { model, bulk, coded, predictRoute }: RouteContext): void {
  const predict = (protocolOf: (exchange: Exchange) => Protocol): Handler =>
    async function handle(exchange, params) {
      checkModel(model, params);
      const protocol = protocolOf(exchange);
      const hints = hintsOf(protocol, exchange);
      const received = exchange.body();
      const body = Buffer.isBuffer(received) ? received : await received;
      const started = performance.now();
      const { inputs, form } = isLongRequest(protocol, body, model.signature, hints)
        ? await patiently(exchange, deadlineOf(exchange), (signal) =>
            bulk.read(protocol, body, hints, signal),
          )
        : readRequest(protocol, body, model.signature, hints);
      coded('preprocess', since(started));
      const deadline = deadlineOf(exchange, form);
      const outputs = await model.predict(inputs, exchange, deadline);
      const answered = performance.now();
      if (form.protocol === 'v2') form.v2.id ??= requestIdOf(exchange);
      const { json, binary } = isLong(asJson(form, outputs))
        ? await patiently(exchange, deadline, (signal) => bulk.write(form, outputs, signal))
        : writeAnswer(form, outputs, model);
      coded('postprocess', since(answered));
      if (binary.length === 0) return exchange.json(200, json);
      exchange.send(200, 'application/octet-stream', [json, ...binary], {
        [jsonLengthHeader]: String(Buffer.byteLength(json)),
      });
    };
  const v2 = predict(() => 'v2');
  const plain = predict(() => 'plain');
  for (const path of modelPaths) router.post(`${path}/infer`, 'infer', v2);
  router.post('/predict', 'predict', plain);
  router.post('/v1/models/:model:predict', 'predict', plain);
  router.post('/invocations', 'invocations', predict(invocationProtocol));
  if (predictRoute === undefined) return;
  if (isInferPath(predictRoute)) router.post(predictRoute, 'infer', v2);
  else router.post(predictRoute, 'predict', plain);
}

/** Whether clients that are told to post to this path speak the Open Inference Protocol. */
export function isInferPath(path: string): boolean {
  return path.endsWith('/infer');
}

function since(started: number): number {
  return (performance.now() - started) / 1000;
}

function hintsOf(protocol: Protocol, exchange: Exchange): BodyHints | undefined {
  if (protocol === 'v2') return { jsonBytes: jsonBytesOf(exchange) };
  if (protocol !== 'csv') return undefined;
  // As RFC 4180 has it.
  const header = /;\s*header\s*=\s*"?(present|absent)\b/i.exec(
    exchange.request.headers['content-type'] ?? '',
  )?.[1];
  return { header: header === undefined ? undefined : header.toLowerCase() === 'present' };
}

function jsonBytesOf({ request }: Exchange): number | undefined {
  const given = request.headers['inference-header-content-length'];
  if (given === undefined) return undefined;
  const bytes = Number(given);
  if (Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  throw new Failure(400, `${jsonLengthHeader} must be a whole number, not below 0.`);
}

function invocationProtocol({ request }: Exchange): Protocol {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/json') return 'invocation';
  if (type === 'text/csv') return 'csv';
  throw new Failure(
    415,
    `/invocations takes application/json and text/csv, not ${type || 'a body without a type'}.`,
  );
}

/** Until when the client waits, if it says so: in the request, or as proxies tell those behind them. */
function deadlineOf({ request, arrived }: Exchange, form?: AnswerForm): Deadline | undefined {
  const header = Number(request.headers['x-envoy-expected-rq-timeout-ms']);
  const milliseconds =
    (form?.protocol === 'v2' ? form.v2.timeout : undefined) ?? (header > 0 ? header : undefined);
  return milliseconds === undefined ? undefined : { milliseconds, end: arrived + milliseconds };
}

/** Work that is given up when nobody waits for it any more. */
function patiently<T>(
  exchange: Exchange,
  deadline: Deadline | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const waiting = new AbortController();
  exchange.whenGone(() => waiting.abort(comeAgain('The client has left.')));
  return within(
    deadline,
    () => work(waiting.signal),
    (failure) => waiting.abort(failure),
  );
}

function requestIdOf({ request }: Exchange): string {
  return (request.headers['x-request-id'] as string | undefined) ?? randomUUID();
}

/** Words that come as bytes are looked through one by one, as text is; other bytes are not. */
function isLongRequest(protocol: Protocol, body: Buffer, { inputs }: Signature, hints?: BodyHints): boolean {
  if (body.length < bulkBytes) return false;
  const words = inputs.some(({ datatype }) => datatype === 'BYTES');
  return words || (hints?.jsonBytes ?? Infinity) >= bulkBytes;
}

function isLong(outputs: Tensor[]): boolean {
  let bytes = 0;
  for (const output of outputs) bytes += byteLengthOf(output);
  return bytes >= bulkBytes;
}

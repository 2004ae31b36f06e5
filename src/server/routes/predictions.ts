import { byteLengthOf } from '../../core/inference/datatypes';
import type { Tensor } from '../../core/inference/tensor';
import { asJson, readRequest, writeAnswer } from '../codec/codec';
import type { AnswerForm, Protocol } from '../codec/codec';
import { Failure } from '../failure';
import type { Exchange } from '../http/exchange';
import type { Handler, Router } from '../http/router';
import { checkModel, modelPaths } from './paths';
import type { RouteContext } from './routes';

/** Text from this length on is read and written in a thread: that is about 2 ms. */
const bulkBytes = 128 * 1024;
/** The binary extension's header: how long the JSON is that the bytes of tensors follow. */
const jsonLengthHeader = 'Inference-Header-Content-Length';

/** Everything that predicts, in every form that platforms send. */
export function addPredictions(router: Router, { model, bulk, coded }: RouteContext): void {
  const predict = (protocolOf: (exchange: Exchange) => Protocol): Handler =>
    async function handle(exchange, params) {
      checkModel(model, params);
      const protocol = protocolOf(exchange);
      const jsonBytes = protocol === 'v2' ? jsonBytesOf(exchange) : undefined;
      const body = await exchange.body();
      const started = performance.now();
      const request =
        Math.min(jsonBytes ?? Infinity, body.length) >= bulkBytes
          ? await bulk.read(protocol, body, jsonBytes)
          : readRequest(protocol, body, model.signature, jsonBytes);
      const { inputs, form } = request;
      coded('preprocess', since(started));
      const outputs = await model.predict(inputs, exchange, timeoutOf(exchange, form));
      const answered = performance.now();
      const { json, binary } = isLong(asJson(form, outputs))
        ? await bulk.write(form, outputs)
        : writeAnswer(form, outputs, model);
      coded('postprocess', since(answered));
      if (binary.length === 0) return exchange.json(200, json);
      exchange.send(200, 'application/octet-stream', [json, ...binary], {
        [jsonLengthHeader]: String(Buffer.byteLength(json)),
      });
    };
  for (const path of modelPaths)
    router.post(
      `${path}/infer`,
      'infer',
      predict(() => 'v2'),
    );
  router.post(
    '/predict',
    'predict',
    predict(() => 'plain'),
  );
  router.post(
    '/v1/models/:model:predict',
    'predict',
    predict(() => 'plain'),
  );
  router.post('/invocations', 'invocations', predict(invocationProtocol));
}

function since(started: number): number {
  return (performance.now() - started) / 1000;
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

/** How long the client waits, in milliseconds, if it says so: in the request, or as proxies tell those behind them. */
function timeoutOf({ request }: Exchange, form: AnswerForm): number | undefined {
  const header = Number(request.headers['x-envoy-expected-rq-timeout-ms']);
  return (form.protocol === 'v2' ? form.v2.timeout : undefined) ?? (header > 0 ? header : undefined);
}

function isLong(outputs: Tensor[]): boolean {
  let bytes = 0;
  for (const output of outputs) bytes += byteLengthOf(output);
  return bytes >= bulkBytes;
}

import { byteLengthOf } from '../../core/inference/datatypes';
import type { Tensor } from '../../core/inference/tensor';
import type { TensorSpec } from '../../core/model/signature';
import type { BulkCodec } from '../codec/bulkCodec';
import { readRequest, writeAnswer } from '../codec/codec';
import type { ModelRequest, Protocol } from '../codec/codec';
import { protocolShape } from '../codec/inputs';
import { comeAgain, Failure } from '../failure';
import type { Exchange } from '../http/exchange';
import { Router } from '../http/router';
import type { Handler } from '../http/router';
import type { ModelService } from '../modelService';

export interface RouteContext {
  model: ModelService;
  /** Version of this server. */
  version: string;
  /** Prometheus text, and its content type. */
  metrics: () => Promise<{ text: string; contentType: string }>;
  bulk: BulkCodec;
}

/** Bodies and outputs from this length on are read and written in a thread: that is about 2 ms. */
const bulkBytes = 128 * 1024;

/** All addresses that this server answers. */
export function createRoutes(context: RouteContext): Router {
  const router = new Router();
  addHealth(router, context);
  addMetadata(router, context);
  addPredictions(router, context);
  router.get('/metrics', 'metrics', async (exchange) => {
    const { text, contentType } = await context.metrics();
    exchange.send(200, contentType, text);
  });
  return router;
}

const modelPaths = ['/v2/models/:model', '/v2/models/:model/versions/:version'];

function addHealth(router: Router, { model }: RouteContext): void {
  const answerReady = (exchange: Exchange, body: object) => {
    const reason = model.notReady();
    if (reason !== undefined) throw comeAgain(reason);
    exchange.json(200, JSON.stringify(body));
  };
  for (const path of ['/livez', '/v2/health/live']) {
    router.get(path, 'health', (exchange) => exchange.json(200, '{"live":true}'));
  }
  for (const path of ['/readyz', '/v2/health/ready']) {
    router.get(path, 'health', (exchange) => answerReady(exchange, { ready: true }));
  }
  for (const path of modelPaths) {
    router.get(`${path}/ready`, 'health', (exchange, params) => {
      checkModel(model, params);
      answerReady(exchange, { name: model.name, ready: true });
    });
  }
}

function addMetadata(router: Router, { model, version }: RouteContext): void {
  const server = JSON.stringify({ name: 'slipway', version, extensions: [] });
  router.get('/v2', 'metadata', (exchange) => exchange.json(200, server));
  for (const path of modelPaths) {
    router.get(path, 'metadata', (exchange, params) => {
      checkModel(model, params);
      exchange.json(200, JSON.stringify(metadataOf(model)));
    });
  }
}

function addPredictions(router: Router, { model, bulk }: RouteContext): void {
  const predict = (protocol: Protocol): Handler =>
    async function handle(exchange, params) {
      checkModel(model, params);
      const body = await exchange.body();
      const long = body.length >= bulkBytes;
      const request: ModelRequest = long
        ? await bulk.read(protocol, body)
        : readRequest(protocol, body, model.signature);
      const outputs = await model.predict(request.inputs, exchange);
      const answer = isLong(outputs)
        ? await bulk.write(request.form, outputs)
        : writeAnswer(request.form, outputs, model);
      exchange.json(200, answer);
    };
  for (const path of modelPaths) router.post(`${path}/infer`, 'infer', predict('v2'));
  router.post('/predict', 'predict', predict('plain'));
}

function isLong(outputs: Tensor[]): boolean {
  let bytes = 0;
  for (const output of outputs) bytes += byteLengthOf(output);
  return bytes >= bulkBytes;
}

function checkModel({ name, version }: ModelService, params: Record<string, string>): void {
  const asked = params['model'] ?? name;
  if (asked !== name) {
    throw new Failure(404, `There is no model "${asked.slice(0, 200)}" here; this server serves "${name}".`);
  }
  const askedVersion = params['version'] ?? version;
  if (askedVersion !== version) {
    throw new Failure(
      404,
      `Model "${name}" has no version "${askedVersion.slice(0, 200)}" here, only "${version}".`,
    );
  }
}

function metadataOf({ name, version, platform, signature }: ModelService) {
  const tensor = ({ name, datatype, shape }: TensorSpec) => ({
    name,
    datatype,
    shape: protocolShape(shape ?? []),
  });
  return {
    name,
    versions: [version],
    platform,
    inputs: signature.inputs.map(tensor),
    outputs: signature.outputs.map(tensor),
  };
}

import { stringifyJson } from '../../core/inference/jsonText';
import type { TensorSpec } from '../../core/model/signature';
import { comeAgain, Failure } from '../failure';
import { Router } from '../http/router';
import type { Handler } from '../http/router';
import type { ModelService } from '../modelService';
import { protocolShape } from './inputs';
import { plainResponse, readPlainRequest } from './plain';
import { inferResponse, parseBody, readInferRequest } from './v2Infer';

export interface RouteContext {
  model: ModelService;
  /** Version of this server. */
  version: string;
  /** Prometheus text, and its content type. */
  metrics: () => Promise<{ text: string; contentType: string }>;
}

/** All addresses that this server answers. */
export function createRoutes({ model, version, metrics }: RouteContext): Router {
  const router = new Router();
  const live: Handler = (exchange) => exchange.json(200, '{"live":true}');
  const ready: Handler = (exchange) => {
    const reason = model.notReady();
    if (reason !== undefined) throw comeAgain(reason);
    exchange.json(200, '{"ready":true}');
  };
  router.get('/livez', 'health', live);
  router.get('/v2/health/live', 'health', live);
  router.get('/readyz', 'health', ready);
  router.get('/v2/health/ready', 'health', ready);
  router.get('/v2', 'metadata', (exchange) =>
    exchange.json(200, JSON.stringify({ name: 'slipway', version, extensions: [] })),
  );
  router.get('/metrics', 'metrics', async (exchange) => {
    const { text, contentType } = await metrics();
    exchange.send(200, contentType, text);
  });

  for (const base of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    router.get(base, 'metadata', (exchange, params) => {
      checkModel(model, params);
      exchange.json(200, JSON.stringify(metadataOf(model)));
    });
    router.get(`${base}/ready`, 'health', (exchange, params) => {
      checkModel(model, params);
      const reason = model.notReady();
      if (reason !== undefined) throw comeAgain(reason);
      exchange.json(200, JSON.stringify({ name: model.name, ready: true }));
    });
    router.post(`${base}/infer`, 'infer', async (exchange, params) => {
      checkModel(model, params);
      const request = readInferRequest(await exchange.body(model.maxBodyBytes), model.signature);
      const outputs = await model.predict(request.inputs, exchange);
      exchange.json(200, inferResponse(model, request, outputs));
    });
  }

  router.post('/predict', 'predict', async (exchange) => {
    const body = parseBody(await exchange.body(model.maxBodyBytes), model.signature);
    const { inputs, form } = readPlainRequest(body, model.signature);
    const outputs = await model.predict(inputs, exchange);
    exchange.json(200, stringifyJson(plainResponse(form, outputs)));
  });
  return router;
}

function checkModel(model: ModelService, params: Record<string, string>): void {
  if (params['model'] !== model.name) {
    throw new Failure(
      404,
      `There is no model "${params['model']?.slice(0, 200)}" here; this server serves "${model.name}".`,
    );
  }
  if (params['version'] !== undefined && params['version'] !== model.version) {
    throw new Failure(
      404,
      `Model "${model.name}" has no version "${params['version'].slice(0, 200)}" here, only "${model.version}".`,
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

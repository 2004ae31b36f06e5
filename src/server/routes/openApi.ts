import { stringifyJson } from '../../core/inference/jsonText';
import type { JsonValue } from '../../core/inference/tensor';
import type { Router } from '../http/router';
import type { ModelService } from '../modelService';
import { docsPage } from './docsPage';
import { get } from './operations';
import { dictatedPrediction, predictionPaths } from './predictionPaths';
import type { RouteContext } from './routes';
import { schemasOf } from './schemas';
import type { Json } from './valueSchemas';

/** `/openapi.json`: this model's own interface, and `/docs`: the same for people. */
export function addOpenApi(router: Router, context: RouteContext): void {
  const { model, version, token } = context;
  let document: string | undefined;
  router.get('/openapi.json', 'metadata', (exchange) => {
    document ??= stringifyJson(openApiOf(model, version, token, context) as JsonValue);
    exchange.json(200, document);
  });
  router.get('/docs', 'metadata', (exchange) => {
    const page = docsPage(model, { version, token, host: exchange.request.headers.host });
    exchange.send(200, 'text/html; charset=utf-8', page, {
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
    });
  });
}

/** Paths of the platform's choice. */
type DictatedPaths = Pick<RouteContext, 'healthRoute' | 'predictRoute'>;

/** An OpenAPI 3.1 description with the model's signature in its schemas. */
export function openApiOf(
  model: ModelService,
  version: string,
  token: boolean,
  dictated: DictatedPaths = {},
): Json {
  const { name, signature } = model;
  return {
    openapi: '3.1.0',
    info: { title: name, version: model.version, description: `Served by Slipway ${version}.` },
    ...(token && { security: [{ token: [] }] }),
    paths: withDictated(
      {
        ...predictionPaths(model),
        '/v2': get('server', 'What this server is'),
        [`/v2/models/${encodeURIComponent(name)}`]: get('model', 'What the model takes and gives'),
        '/v2/health/live': get('live', 'Whether the server runs'),
        '/v2/health/ready': get('ready', 'Whether the model predicts'),
        '/ping': get('ping', 'Whether the model predicts'),
        '/metrics': get('metrics', 'Prometheus metrics', 'text/plain'),
      },
      model,
      dictated,
    ),
    components: {
      schemas: schemasOf(signature),
      ...(token && { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } }),
    },
  };
}

/** With the platform's paths as well. What the server has at one of them anyway stays as it is, as it does for the router. */
function withDictated(
  paths: Record<string, Json>,
  model: ModelService,
  { healthRoute, predictRoute }: DictatedPaths,
): Record<string, Json> {
  const all = { ...paths };
  const add = (path: string, item: Json) => (all[path] = { ...item, ...all[path] });
  if (healthRoute !== undefined) add(healthRoute, get('healthDictated', 'Whether the model predicts'));
  if (predictRoute !== undefined) add(predictRoute, dictatedPrediction(predictRoute, model));
  return all;
}

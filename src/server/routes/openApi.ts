import { stringifyJson } from '../../core/inference/jsonText';
import type { JsonValue } from '../../core/inference/tensor';
import type { Router } from '../http/router';
import type { ModelService } from '../modelService';
import { docsPage } from './docsPage';
import { get } from './operations';
import { predictionPaths } from './predictionPaths';
import type { RouteContext } from './routes';
import { schemasOf } from './schemas';
import type { Json } from './valueSchemas';

/** `/openapi.json`: this model's own interface, and `/docs`: the same for people. */
export function addOpenApi(router: Router, { model, version, token }: RouteContext): void {
  let document: string | undefined;
  router.get('/openapi.json', 'metadata', (exchange) => {
    document ??= stringifyJson(openApiOf(model, version, token) as JsonValue);
    exchange.json(200, document);
  });
  router.get('/docs', 'metadata', (exchange) => {
    const page = docsPage(model, { version, token, host: exchange.request.headers.host });
    exchange.send(200, 'text/html; charset=utf-8', page, {
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
    });
  });
}

/** An OpenAPI 3.1 description with the model's signature in its schemas. */
export function openApiOf(model: ModelService, version: string, token: boolean): Json {
  const { name, signature } = model;
  return {
    openapi: '3.1.0',
    info: { title: name, version: model.version, description: `Served by Slipway ${version}.` },
    ...(token && { security: [{ token: [] }] }),
    paths: {
      ...predictionPaths(model),
      '/v2': get('server', 'What this server is'),
      [`/v2/models/${encodeURIComponent(name)}`]: get('model', 'What the model takes and gives'),
      '/v2/health/live': get('live', 'Whether the server runs'),
      '/v2/health/ready': get('ready', 'Whether the model predicts'),
      '/ping': get('ping', 'Whether the model predicts'),
      '/metrics': get('metrics', 'Prometheus metrics', 'text/plain'),
    },
    components: {
      schemas: schemasOf(signature),
      ...(token && { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } }),
    },
  };
}

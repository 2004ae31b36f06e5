import { exampleShape } from '../../core/inference/exampleValues';
import { countOf } from '../../core/inference/datatypes';
import { stringifyJson } from '../../core/inference/jsonText';
import type { Datatype, JsonValue } from '../../core/inference/tensor';
import type { Dimension, Signature, TensorSpec } from '../../core/model/signature';
import type { Router } from '../http/router';
import type { ModelService } from '../modelService';
import { docsPage } from './docsPage';
import { inferExample, plainExample } from './examples';
import type { RouteContext } from './routes';

type Json = { [key: string]: unknown };

/** Values of an example at most: a description is read by people too. */
const mostExampleValues = 10_000;

/** `/openapi.json`: this model's own interface, and `/docs`: the same for people. */
export function addOpenApi(router: Router, { model, version, token }: RouteContext): void {
  let document: string | undefined;
  router.get('/openapi.json', 'metadata', (exchange) => {
    document ??= stringifyJson(openApiOf(model, version, token) as JsonValue);
    exchange.json(200, document);
  });
  router.get('/docs', 'metadata', (exchange) => {
    exchange.send(200, 'text/html; charset=utf-8', docsPage(model, version, exchange.request.headers.host), {
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
    });
  });
}

/** An OpenAPI 3.1 description with the model's signature in its schemas. All that it allows is accepted. */
export function openApiOf(model: ModelService, version: string, token: boolean): Json {
  const { name, signature } = model;
  const post = (operationId: string, summary: string, request: Json, response: string) => ({
    post: {
      operationId,
      summary,
      requestBody: { required: true, content: { 'application/json': request } },
      responses: responses(ref(response)),
    },
  });
  const get = (operationId: string, summary: string, type = 'application/json') => ({
    get: {
      operationId,
      summary,
      responses: responses(type === 'application/json' ? { type: 'object' } : { type: 'string' }, type),
    },
  });
  return {
    openapi: '3.1.0',
    info: { title: name, version: model.version, description: `Served by Slipway ${version}.` },
    ...(token && { security: [{ token: [] }] }),
    paths: {
      '/predict': post(
        'predict',
        'Predict with plain JSON',
        exampled(ref('PlainRequest'), plainExample(signature)),
        'PlainResponse',
      ),
      [`/v2/models/${name}/infer`]: post(
        'infer',
        'Predict by the Open Inference Protocol',
        exampled(ref('InferRequest'), inferExample(signature)),
        'InferResponse',
      ),
      [`/v1/models/${name}:predict`]: post(
        'predictV1',
        'Predict as with TensorFlow Serving',
        exampled(ref('PlainRequest'), plainExample(signature)),
        'PlainResponse',
      ),
      '/invocations': post(
        'invoke',
        'Predict as with MLflow and SageMaker',
        exampled(ref('PlainRequest'), plainExample(signature)),
        'PredictionsResponse',
      ),
      '/v2': get('server', 'What this server is'),
      [`/v2/models/${name}`]: get('model', 'What the model takes and gives'),
      '/v2/health/live': get('live', 'Whether the server runs'),
      '/v2/health/ready': get('ready', 'Whether the model predicts'),
      '/ping': get('ping', 'Whether the model predicts'),
      '/metrics': get('metrics', 'Prometheus metrics', 'text/plain'),
    },
    components: {
      schemas: {
        PlainRequest: plainRequest(signature),
        PlainResponse: object({ outputs: { type: 'object', additionalProperties: true } }, ['outputs']),
        PredictionsResponse: object({ predictions: {} }, ['predictions']),
        InferRequest: inferRequest(signature),
        InferResponse: inferResponse(signature),
        Error: object({ error: { type: 'string' } }, ['error']),
      },
      ...(token && { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } }),
    },
  };
}

function responses(schema: Json, type = 'application/json'): Json {
  const error = { 'application/json': { schema: ref('Error') } };
  return {
    200: { description: 'The answer', content: { [type]: { schema } } },
    default: { description: 'Why there is no answer', content: error },
  };
}

function plainRequest({ inputs }: Signature): Json {
  const values = Object.fromEntries(inputs.map((spec) => [spec.name, nested(spec)]));
  return object({ inputs: { ...object(values, Object.keys(values)), additionalProperties: false } }, [
    'inputs',
  ]);
}

/** One row, or what stands for it: JSON Schema can not say that there are as many values as the shape has. */
function inferRequest({ inputs }: Signature): Json {
  const tensor = ({ name, datatype, shape }: TensorSpec): Json => {
    const sizes = exampleShape(shape);
    const count = countOf(sizes);
    const data = { type: 'array', items: value(datatype), minItems: count, maxItems: count };
    return object(
      {
        name: { const: name },
        datatype: { const: datatype },
        shape: { const: sizes, description: 'Free dimensions, 1 here, may have any size.' },
        data,
      },
      ['name', 'datatype', 'shape', 'data'],
    );
  };
  const list = {
    type: 'array',
    prefixItems: inputs.map(tensor),
    items: false,
    minItems: inputs.length,
    maxItems: inputs.length,
  };
  return object({ id: { type: 'string' }, inputs: list }, ['inputs']);
}

function inferResponse({ outputs }: Signature): Json {
  const tensor = object(
    {
      name: { enum: outputs.map(({ name }) => name) },
      datatype: { type: 'string' },
      shape: { type: 'array', items: { type: 'integer', minimum: 0 } },
      data: { type: 'array' },
    },
    ['name', 'datatype', 'shape', 'data'],
  );
  return object(
    {
      model_name: { type: 'string' },
      model_version: { type: 'string' },
      id: { type: 'string' },
      outputs: { type: 'array', items: tensor },
    },
    ['model_name', 'outputs'],
  );
}

/** Arrays in arrays, as the shape says; a free dimension is one row, as all rows must have the same length. */
function nested({ datatype, shape = [null] }: TensorSpec): Json {
  return [...shape].reverse().reduce<Json>((items, size: Dimension, index) => {
    const outermost = index === shape.length - 1;
    if (typeof size === 'number') return { type: 'array', items, minItems: size, maxItems: size };
    return { type: 'array', items, minItems: 1, ...(!outermost && { maxItems: 1 }) };
  }, value(datatype));
}

/** Written out in full: as floats, bounds of 64 bits would round to one that is refused. */
const integerRange = (bits: number, signed: boolean): Json => ({
  type: 'integer',
  minimum: signed ? -(2n ** BigInt(bits - 1)) : 0,
  maximum: 2n ** BigInt(signed ? bits - 1 : bits) - 1n,
});

/** The greatest numbers that do not round to infinity. */
const greatest: Partial<Record<Datatype, number>> = {
  FP16: 65519.99804687499,
  FP32: 3.4028235677973362e38,
};

function value(datatype: Datatype = 'FP32'): Json {
  if (datatype === 'BOOL') return { enum: [true, false, 0, 1] };
  if (datatype === 'BYTES') return { type: 'string' };
  const [, kind, bits] = /^(INT|UINT)(\d+)$/.exec(datatype) ?? [];
  if (bits) return integerRange(Number(bits), kind === 'INT');
  const most = greatest[datatype] ?? Number.MAX_VALUE;
  return { type: ['number', 'null'], minimum: -most, maximum: most };
}

function exampled(schema: Json, example: JsonValue): Json {
  const short = JSON.stringify(example).length < 8 * mostExampleValues;
  return short ? { schema, example } : { schema };
}

function object(properties: Json, required: string[]): Json {
  return { type: 'object', properties, required };
}

function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

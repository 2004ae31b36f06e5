import type { JsonValue } from '../../core/inference/tensor';
import type { Signature } from '../../core/model/signature';
import type { ModelService } from '../modelService';
import { examplesOf } from './examples';
import type { Examples } from './examples';
import { post } from './operations';
import type { Content } from './operations';
import { isInferPath, jsonLengthHeader } from './predictions';
import { tableOf, takesInstances } from './requestForms';
import { ref } from './valueSchemas';
import type { Json } from './valueSchemas';

/** Everything that predicts, as OpenAPI has it; without the path that a platform dictates. */
export function predictionPaths({ name, signature }: ModelService): Record<string, Json> {
  const segment = encodeURIComponent(name);
  const examples = examplesOf(signature);
  return {
    '/predict': post(
      'predict',
      'Predict with plain JSON',
      json(ref('PlainRequest'), examples && { example: examples.plain }),
      json(ref('PlainResponse')),
    ),
    [`/v2/models/${segment}/infer`]: infer('infer', 'Predict by the Open Inference Protocol', examples),
    [`/v1/models/${segment}:predict`]: predictRows(
      'predictV1',
      'Predict as with TensorFlow Serving',
      signature,
      examples,
    ),
    '/invocations': post(
      'invoke',
      'Predict as with MLflow and SageMaker',
      { ...json(ref('InvocationRequest'), forms(examples?.invocations)), ...csv(signature, examples?.csv) },
      json(ref('PredictionsResponse')),
    ),
  };
}

/** What is at the path to which a platform posts predictions. */
export function dictatedPrediction(path: string, { signature }: ModelService): Json {
  const [id, summary] = ['predictDictated', 'Predict as the platform does that named this path'];
  const examples = examplesOf(signature);
  return isInferPath(path) ? infer(id, summary, examples) : predictRows(id, summary, signature, examples);
}

function infer(id: string, summary: string, examples?: Examples): Json {
  return post(
    id,
    summary,
    {
      ...json(ref('InferRequest'), examples && { example: examples.infer }),
      ...binary(
        'The JSON of a request, and the bytes of inputs behind it, in their order.',
        examples?.binary,
      ),
    },
    {
      ...json(ref('InferResponse')),
      ...binary('The JSON of an answer, and the bytes of outputs behind it, in their order.'),
    },
    {
      parameters: [{ name: jsonLengthHeader, in: 'header', ...jsonLength }],
      headers: { [jsonLengthHeader]: jsonLength },
    },
  );
}

/** Plain JSON, with rows as `instances` where the model has rows. */
function predictRows(id: string, summary: string, signature: Signature, examples?: Examples): Json {
  const either = (form: string, other: string): Json =>
    takesInstances(signature) ? { anyOf: [ref(form), ref(other)] } : ref(other);
  return post(
    id,
    summary,
    json(either('InstancesRequest', 'PlainRequest'), forms(examples?.v1)),
    json(either('PredictionsResponse', 'PlainResponse')),
  );
}

const jsonLength = {
  description: 'Bytes of the JSON, where the bytes of tensors follow it. Without it, the whole body is JSON.',
  schema: { type: 'integer', minimum: 0 },
};

function json(schema: Json, examples?: Json): Content {
  return { 'application/json': { schema, ...examples } };
}

function forms(examples?: Record<string, JsonValue>): Json | undefined {
  if (!examples) return undefined;
  return { examples: Object.fromEntries(Object.entries(examples).map(([form, value]) => [form, { value }])) };
}

function binary(description: string, example?: Examples['binary']): Content {
  const summary = `With the header ${jsonLengthHeader}: ${example?.jsonBytes}`;
  return {
    'application/octet-stream': {
      schema: { type: 'string', format: 'binary', description },
      ...(example && { examples: { binary: { summary, value: example.body } } }),
    },
  };
}

/** Only for models whose inputs fit a table. */
function csv(signature: Signature, example?: string): Content {
  if (!tableOf(signature)) return {};
  const description = 'A line for each row; the first may have the names of the columns.';
  return {
    'text/csv': { schema: { type: 'string', description }, ...(example !== undefined && { example }) },
  };
}

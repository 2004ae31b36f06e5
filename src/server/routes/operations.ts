import { ref } from './valueSchemas';
import type { Json } from './valueSchemas';

/** Bodies by their media types. */
export type Content = Record<string, Json>;

/** What OpenAPI calls a path item. */
export function get(operationId: string, summary: string, type = 'application/json'): Json {
  const schema = { type: type === 'application/json' ? 'object' : 'string' };
  return { get: { operationId, summary, responses: responses({ content: { [type]: { schema } } }) } };
}

/** `more` is said of the operation too, and `headers` of its answer. */
export function post(
  operationId: string,
  summary: string,
  request: Content,
  answer: Content,
  { headers, ...more }: { headers?: Json; parameters?: Json[] } = {},
): Json {
  const requestBody = { required: true, content: request };
  const whole = {
    operationId,
    summary,
    ...more,
    requestBody,
    responses: responses({ headers, content: answer }),
  };
  return { post: whole };
}

function responses(answer: { headers?: Json; content: Content }): Json {
  const error = { 'application/json': { schema: ref('Error') } };
  return {
    200: { description: 'The answer', ...answer },
    default: { description: 'Why there is no answer', content: error },
  };
}

import assert from 'node:assert/strict';
import { z } from 'zod';
import { configSchema } from '../../../src/core/config/schema';
import { samplesSchema } from '../../../src/core/sample/schema';

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

/** The paths of all properties that hover would have nothing to say about. */
function withoutDescription(schema: Schema, path: string): string[] {
  const { properties = {}, additionalProperties, items, anyOf = [], oneOf = [] } = schema;
  const parts: [string, Schema][] = Object.entries(properties).map(([name, part]) => [
    `${path}.${name}`,
    part,
  ]);
  const silent = parts.filter(([, part]) => !part.description).map(([name]) => name);
  if (typeof additionalProperties === 'object') parts.push([`${path}.*`, additionalProperties]);
  if (items) parts.push([`${path}[]`, items]);
  parts.push(...[...anyOf, ...oneOf].map((part): [string, Schema] => [path, part]));
  return [...silent, ...parts.flatMap(([name, part]) => withoutDescription(part, name))];
}

describe('JSON schemas', () => {
  for (const [name, schema] of [
    ['slipway.json', configSchema],
    ['samples files', samplesSchema],
  ] as const) {
    it(`of ${name} say something about every property`, () => {
      const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema;
      assert.ok(Object.keys(json.properties ?? {}).length >= 3);
      assert.deepEqual(withoutDescription(json, ''), []);
    });
  }
});

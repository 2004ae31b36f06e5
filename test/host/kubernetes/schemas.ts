import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { isMap, type Json } from './fields';

interface Schema {
  type?: string;
  format?: string;
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema;
  $ref?: string;
  enum?: Json[];
}

let loaded: { kinds: string[]; definitions: Record<string, Schema> } | undefined;

/** Kubernetes' own schemas of the kinds that are written. */
function schemas() {
  const file = resolve('test/fixtures/kubernetes/schemas.json.gz');
  return (loaded ??= JSON.parse(gunzipSync(readFileSync(file)).toString()) as NonNullable<typeof loaded>);
}

/** Where an object is not as Kubernetes' schema of its kind has it, also by fields that it does not know. Empty for other kinds. */
export function schemaCauses(object: { kind: string }): string[] {
  const { kinds, definitions } = schemas();
  const name = kinds.find((each) => each.endsWith(`.${object.kind}`));
  const schema = name === undefined ? undefined : definitions[name];
  // What the server itself writes is not of interest.
  return schema ? check({ ...object, status: undefined } as unknown as Json, schema, '') : [];
}

function check(value: Json, schema: Schema, path: string): string[] {
  if (schema.$ref !== undefined) return check(value, schemas().definitions[schema.$ref] ?? {}, path);
  const wrong = wrongType(value, schema);
  if (wrong) return [`${path}: Invalid value: ${JSON.stringify(value)}: ${wrong}`];
  if (schema.enum && !schema.enum.includes(value))
    return [`${path}: Unsupported value: ${JSON.stringify(value)}`];
  if (Array.isArray(value)) {
    const { items = {} } = schema;
    return value.flatMap((item, index) => check(item, items, `${path}[${String(index)}]`));
  }
  if (!isMap(value)) return [];
  const { required = [], properties, additionalProperties } = schema;
  return [
    ...required.filter((name) => value[name] === undefined).map((name) => `${path}.${name}: Required value`),
    ...Object.entries(value).flatMap(([name, part]) => {
      if (part === undefined) return [];
      const own = properties?.[name] ?? additionalProperties;
      if (own) return check(part, own, `${path}.${name}`);
      return properties ? [`strict decoding error: unknown field "${path}.${name}"`] : [];
    }),
  ];
}

function wrongType(value: Json, { type, format }: Schema): string | undefined {
  const is = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  // A number or a percentage, and a quantity, are both strings to OpenAPI.
  if (type === 'string' && format === 'int-or-string' && is === 'number') return undefined;
  if (type === undefined || type === is || (type === 'integer' && Number.isInteger(value))) return undefined;
  return `must be of type ${type}`;
}

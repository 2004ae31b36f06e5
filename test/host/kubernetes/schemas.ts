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
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
}

let loaded: { kinds: string[]; definitions: Record<string, Schema> } | undefined;

/** The published schemas of the kinds that are written: Kubernetes' own, Gateway API's, the Prometheus operator's and KServe's. */
function schemas() {
  const file = resolve('test/fixtures/kubernetes/schemas.json.gz');
  return (loaded ??= JSON.parse(gunzipSync(readFileSync(file)).toString()) as NonNullable<typeof loaded>);
}

/** What is published for a kind, in words of OpenAPI; undefined for other kinds. */
export function schemaOf(kind: string): Schema | undefined {
  const { kinds, definitions } = schemas();
  const name = kinds.find((each) => each.endsWith(`.${kind}`));
  return name === undefined ? undefined : definitions[name];
}

/**
 * Where an object is not as the schema of its kind has it, also by fields that it does not know: a real server drops those of custom
 * resources without a word. Empty for other kinds.
 */
export function schemaCauses(object: { kind: string }): string[] {
  const schema = schemaOf(object.kind);
  // What the server itself writes is not of interest.
  return schema ? check({ ...object, status: undefined } as unknown as Json, schema, '') : [];
}

function check(value: Json, schema: Schema, path: string): string[] {
  if (schema.$ref !== undefined) return check(value, schemas().definitions[schema.$ref] ?? {}, path);
  const wrong = wrongType(value, schema);
  if (wrong) return [`${path}: Invalid value: ${JSON.stringify(value)}: ${wrong}`];
  if (schema.enum && !schema.enum.includes(value))
    return [`${path}: Unsupported value: ${JSON.stringify(value)}`];
  const beyond = beyondLimits(value, schema);
  if (beyond) return [`${path}: Invalid value: ${JSON.stringify(value)}: ${beyond}`];
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
      return properties && !schema['x-kubernetes-preserve-unknown-fields']
        ? [`strict decoding error: unknown field "${path}.${name}"`]
        : [];
    }),
  ];
}

function beyondLimits(value: Json, schema: Schema): string | undefined {
  const size = typeof value === 'string' ? value.length : Array.isArray(value) ? value.length : NaN;
  const { minLength = 0, maxLength = Infinity, minItems = 0, maxItems = Infinity } = schema;
  if (typeof value === 'string' && schema.pattern !== undefined && !new RegExp(schema.pattern).test(value))
    return `should match '${schema.pattern}'`;
  if (size < Math.max(minLength, minItems)) return 'too short';
  if (size > Math.min(maxLength, maxItems)) return 'too long';
  if (typeof value !== 'number') return undefined;
  if (value < (schema.minimum ?? -Infinity)) return `should be at least ${String(schema.minimum)}`;
  return value > (schema.maximum ?? Infinity) ? `should be at most ${String(schema.maximum)}` : undefined;
}

function wrongType(value: Json, { type, format, ...schema }: Schema): string | undefined {
  const is = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  if (schema['x-kubernetes-int-or-string'])
    return is === 'number' || is === 'string' ? undefined : 'must be a number or a string';
  // A number or a percentage, and a quantity, are both strings to OpenAPI.
  if (type === 'string' && format === 'int-or-string' && is === 'number') return undefined;
  if (type === undefined || type === is || (type === 'integer' && Number.isInteger(value))) return undefined;
  return `must be of type ${type}`;
}

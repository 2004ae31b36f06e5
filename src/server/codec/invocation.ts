import type { Datatype, JsonValue, Tensor } from '../../core/inference/tensor';
import type { Signature } from '../../core/model/signature';
import { Failure } from '../failure';
import { isObject, parseBody, type JsonObject } from './body';
import { readInputs, readInstances } from './plain';
import { fromTable } from './table';
import type { Table } from './table';

const forms = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const;

/**
 * Reads what MLflow and SageMaker send to `/invocations` as JSON: an object with exactly one of `dataframe_split`,
 * `dataframe_records`, `instances` and `inputs`. Throws `Failure` 400.
 * Source: https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/
 */
export function readInvocation(body: Buffer, signature: Signature): Tensor[] {
  const request = parseBody(body, signature);
  const given = isObject(request) ? forms.filter((name) => (request[name] ?? undefined) !== undefined) : [];
  const [name] = given;
  if (!isObject(request) || !name || given.length > 1) {
    throw new Failure(400, `The body must be a JSON object with exactly one of ${forms.join(', ')}.`);
  }
  const value = request[name];
  if (name === 'instances') return readInstances(value, signature);
  if (name === 'inputs') return readInputs(value, signature);
  return fromTable(name === 'dataframe_split' ? readSplit(value) : readRecords(value), signature);
}

function readSplit(value: JsonValue | undefined): Table {
  const { columns, data } = isObject(value) ? value : ({} as JsonObject);
  if (!Array.isArray(data) || !data.every((row) => Array.isArray(row))) {
    throw new Failure(400, '"dataframe_split" must have an array "data" of rows.');
  }
  if (columns === undefined || columns === null) return { rows: data, valueFor };
  if (!Array.isArray(columns) || !columns.every(isName)) {
    throw new Failure(400, 'The "columns" of "dataframe_split" must be an array of names.');
  }
  return { columns: columns.map(String), rows: data, valueFor };
}

function readRecords(value: JsonValue | undefined): Table {
  if (!Array.isArray(value) || !value.every((row) => isObject(row))) {
    throw new Failure(400, '"dataframe_records" must be an array of objects, one a row.');
  }
  const columns = Object.keys(value[0] ?? {});
  return { columns, rows: value.map((row) => columns.map((name) => row[name] ?? null)), valueFor };
}

/** pandas numbers the columns of a table without names. */
function isName(name: JsonValue): name is string | number | bigint {
  return typeof name === 'string' || typeof name === 'number' || typeof name === 'bigint';
}

/** A number may stand where a word is expected, as in a column of mixed types; a truth value is a number to pandas. */
function valueFor(datatype: Datatype | undefined, value: JsonValue): JsonValue {
  if (typeof value === 'boolean' && datatype?.startsWith('FP')) return Number(value);
  return datatype === 'BYTES' && typeof value === 'number' ? String(value) : value;
}

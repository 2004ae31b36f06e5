import { parse } from 'csv-parse/sync';
import { isDatatype } from '../../core/inference/datatypes';
import type { JsonValue, Tensor } from '../../core/inference/tensor';
import type { Signature, TensorSpec } from '../../core/model/signature';
import { Failure } from '../failure';
import { isObject, parseBody, type JsonObject } from './body';
import { inputTensor, listNames } from './inputs';
import { readInputs, readInstances } from './plain';

/** Rows of values under named columns; without names the columns are in the model's order. */
interface Table {
  columns?: string[];
  rows: JsonValue[][];
}

const forms = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const;

/**
 * Reads what MLflow and SageMaker send to `/invocations`: a JSON object with exactly one of `dataframe_split`,
 * `dataframe_records`, `instances` and `inputs`, or CSV with or without a line of names. Throws `Failure` 400.
 * Source: https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/
 */
export function readInvocation(form: 'invocation' | 'csv', body: Buffer, signature: Signature): Tensor[] {
  if (form === 'csv') return fromTable(readCsv(body.toString()), signature);
  const request = parseBody(body, signature);
  const given = isObject(request) ? forms.filter((name) => request[name] !== undefined) : [];
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
  if (columns === undefined) return { rows: data };
  if (!Array.isArray(columns) || !columns.every((name) => typeof name === 'string')) {
    throw new Failure(400, 'The "columns" of "dataframe_split" must be an array of names.');
  }
  return { columns, rows: data };
}

function readRecords(value: JsonValue | undefined): Table {
  if (!Array.isArray(value) || !value.every((row) => isObject(row))) {
    throw new Failure(400, '"dataframe_records" must be an array of objects, one a row.');
  }
  const columns = Object.keys(value[0] ?? {});
  return { columns, rows: value.map((row) => columns.map((name) => row[name] ?? null)) };
}

function readCsv(text: string): Table {
  let lines: string[][];
  try {
    lines = parse(text, { bom: true, skip_empty_lines: true, trim: true });
  } catch (error) {
    throw new Failure(400, `The body is no CSV: ${(error as Error).message.slice(0, 200)}`);
  }
  const [first = []] = lines;
  const named = first.length > 0 && !first.some((cell) => isNumber(cell));
  const rows = (named ? lines.slice(1) : lines).map((line) =>
    line.map((cell) => (isNumber(cell) ? Number(cell) : cell)),
  );
  return { columns: named ? first : undefined, rows };
}

function isNumber(cell: string): boolean {
  return cell !== '' && !Number.isNaN(Number(cell));
}

/** A column for each input where the names say so; else all columns are the columns of the only input. */
function fromTable(table: Table, signature: Signature): Tensor[] {
  const { inputs } = signature;
  if (table.rows.length === 0) throw new Failure(400, 'There are no rows.');
  const width = table.columns?.length ?? table.rows[0]?.length ?? 0;
  const uneven = table.rows.findIndex((row) => row.length !== width);
  if (uneven >= 0) {
    throw new Failure(400, `Row ${uneven} has ${table.rows[uneven]?.length} values, not ${width}.`);
  }
  const [only] = inputs;
  const byName = inputs.every(({ name }) => table.columns?.includes(name));
  if (byName || inputs.length > 1) return inputs.map((spec) => column(spec, table, signature));
  if (!only) return [];
  const rows = ordered(only, table).map((row) => row.map((value) => valueFor(only, value)));
  return [inputTensor(only, [rows.length, width], rows)];
}

function column(spec: TensorSpec, { columns, rows }: Table, { inputs }: Signature): Tensor {
  const index = columns ? columns.indexOf(spec.name) : inputs.indexOf(spec);
  if (index < 0 || index >= (rows[0]?.length ?? 0)) {
    throw new Failure(400, `Column "${spec.name}" is missing. The model takes ${listNames(inputs)}.`);
  }
  const values = rows.map((row) => valueFor(spec, row[index] as JsonValue));
  const rank = spec.shape?.length ?? 2;
  return inputTensor(spec, rank === 1 ? [rows.length] : [rows.length, 1], values);
}

/** The rows with their columns in the order in which the model was fitted, where it knows the names. */
function ordered({ name, columns: fitted }: TensorSpec, { columns, rows }: Table): JsonValue[][] {
  if (!fitted || !columns) return rows;
  const order = fitted.map((wanted) => columns.indexOf(wanted));
  const missing = fitted.filter((_, index) => (order[index] as number) < 0);
  if (missing.length === fitted.length) return rows;
  if (missing.length > 0) {
    throw new Failure(400, `Input "${name}" misses the columns ${missing.join(', ').slice(0, 500)}.`);
  }
  return rows.map((row) => order.map((index) => row[index] as JsonValue));
}

/** CSV tells numbers from words by their look. */
function valueFor({ datatype }: TensorSpec, value: JsonValue): JsonValue {
  if (!isDatatype(datatype)) return value;
  if (datatype === 'BYTES') return typeof value === 'number' ? String(value) : value;
  return value;
}

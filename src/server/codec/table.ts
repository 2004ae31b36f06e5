import type { Datatype, JsonValue, Tensor } from '../../core/inference/tensor';
import type { Signature, TensorSpec } from '../../core/model/signature';
import { Failure } from '../failure';
import { inputTensor, listNames } from './inputs';

/** Rows of values under named columns; without names the columns are in the model's order. */
export interface Table {
  columns?: string[];
  rows: JsonValue[][];
  /** What a value means to an input of this datatype. */
  valueFor: (datatype: Datatype | undefined, value: JsonValue) => JsonValue;
}

/** The inputs in a table: a column for each where the names say so; else all columns are the columns of the only input. */
export function fromTable(table: Table, signature: Signature): Tensor[] {
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
  const rows = ordered(only, table).map((row) => row.map((value) => table.valueFor(only.datatype, value)));
  return [inputTensor(only, [rows.length, width], rows)];
}

function column(spec: TensorSpec, { columns, rows, valueFor }: Table, { inputs }: Signature): Tensor {
  const index = columns ? columns.indexOf(spec.name) : inputs.indexOf(spec);
  if (index < 0 || index >= (rows[0]?.length ?? 0)) {
    throw new Failure(400, `Column "${spec.name}" is missing. The model takes ${listNames(inputs)}.`);
  }
  const values = rows.map((row) => valueFor(spec.datatype, row[index] as JsonValue));
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

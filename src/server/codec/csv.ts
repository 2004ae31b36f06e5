import { parse } from 'csv-parse/sync';
import type { Datatype, JsonValue, Tensor } from '../../core/inference/tensor';
import type { Signature, TensorSpec } from '../../core/model/signature';
import { Failure } from '../failure';
import { textOf } from './body';
import { fromTable } from './table';

/**
 * Reads a table in CSV. A cell is what pandas would read from it for the input's datatype. Throws `Failure` 400.
 * @param header whether the first line has names; undefined where that is to be seen from the line
 */
export function readCsv(body: Buffer, signature: Signature, header?: boolean): Tensor[] {
  const lines = linesOf(textOf(body));
  const [first = [], ...others] = lines;
  const named = header ?? isHeader(first, signature.inputs);
  return fromTable({ columns: named ? first : undefined, rows: named ? others : lines, valueFor }, signature);
}

function linesOf(text: string): string[][] {
  try {
    return parse(text, { bom: true, skip_empty_lines: true, trim: true });
  } catch (error) {
    throw new Failure(400, `The body is no CSV: ${(error as Error).message.slice(0, 200)}`);
  }
}

/**
 * MLflow always takes the first line for names, SageMaker never does. Here it has names when it has one that the model knows, or those
 * that pandas gives columns without any, or when it can not be a row.
 */
function isHeader(cells: string[], inputs: readonly TensorSpec[]): boolean {
  const columns = inputs.flatMap((spec) => spec.columns ?? []);
  const known = new Set([...columns, ...inputs.map(({ name }) => name)]);
  if (cells.some((cell) => known.has(cell))) return true;
  if (cells.length > 1 && cells.every((cell, index) => cell === String(index))) return true;
  const datatypes =
    inputs.length > 1 ? inputs.map(({ datatype }) => datatype) : cells.map(() => inputs[0]?.datatype);
  const row = cells.length === datatypes.length && cells.every((cell, index) => fits(datatypes[index], cell));
  if (!row) return !cells.some((cell) => decimal.test(cell));
  // Words may be either, and a row that is taken for names would be lost without a word.
  const expectsNames = inputs.length > 1 || columns.length > 0;
  return expectsNames && datatypes.every((datatype) => datatype === 'BYTES');
}

function fits(datatype: Datatype | undefined, cell: string): boolean {
  return datatype === 'BYTES' || typeof valueFor(datatype, cell) !== 'string';
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const integer = /^[+-]?\d+$/;
const infinite = /^[+-]?inf(?:inity)?$/i;
/** What pandas takes for a missing value. Source: https://pandas.pydata.org/docs/reference/api/pandas.read_csv.html */
const missing = new Set([
  ...['', '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN'],
  ...['<NA>', 'N/A', 'NA', 'NULL', 'NaN', 'None', 'n/a', 'nan', 'null'],
]);

/** The cell itself where it is no value of this datatype. */
function valueFor(datatype: Datatype | undefined, value: JsonValue): JsonValue {
  const cell = value as string;
  if (datatype === 'BYTES') return cell;
  if (datatype === 'BOOL' && /^(?:true|false)$/i.test(cell)) return cell.toLowerCase() === 'true';
  if (decimal.test(cell)) {
    const number = Number(cell);
    if (Number.isSafeInteger(number) || !integer.test(cell)) return Number.isFinite(number) ? number : cell;
    return BigInt(cell.replace('+', ''));
  }
  if (!datatype?.includes('F')) return cell;
  if (infinite.test(cell)) return cell.startsWith('-') ? -Infinity : Infinity;
  return missing.has(cell) ? NaN : cell;
}

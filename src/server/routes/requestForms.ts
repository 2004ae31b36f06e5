import type { Datatype } from '../../core/inference/tensor';
import type { Signature, TensorSpec } from '../../core/model/signature';

/** Columns of a table at most that are described by name in each row. */
export const mostNamedColumns = 200;

/** A table whose columns are the model's inputs, or the columns of its only input. */
export interface TableForm {
  columns: { name: string; datatype?: Datatype }[];
  /** Whether the model knows the names of the columns: else they are numbered, as pandas does, and may have any names. */
  named: boolean;
}

/** How many rows a request may have that is written row by row; undefined when the inputs do not have the same rows. */
export function rowsOf({ inputs }: Signature): { minItems: number; maxItems?: number } | undefined {
  const first = inputs.map(({ shape = [null] }) => shape[0]);
  if (first.length === 0 || first.some((size) => size === undefined || size === 0)) return undefined;
  const [fixed, other] = new Set(first.filter((size) => typeof size === 'number'));
  if (other !== undefined) return undefined;
  return fixed === undefined ? { minItems: 1 } : { minItems: fixed, maxItems: fixed };
}

/** Undefined when the inputs fit no table. */
export function tableOf(signature: Signature): TableForm | undefined {
  const { inputs } = signature;
  if (!rowsOf(signature)) return undefined;
  if (inputs.every(isColumn)) return { columns: inputs, named: true };
  const [only, ...others] = inputs;
  const width = only?.shape?.[1];
  if (!only || others.length > 0 || only.shape?.length !== 2 || typeof width !== 'number' || width === 0)
    return undefined;
  const { name, datatype, columns: names } = only;
  const named = names?.length === width;
  const columns = Array.from({ length: width }, (_, index) => ({
    name: named ? (names[index] as string) : String(index),
    datatype,
  }));
  // A column of the input's own name would be taken for the whole input.
  return columns.some((column) => column.name === name) ? undefined : { columns, named };
}

/** Whether an input has one value a row. */
function isColumn({ shape = [null] }: TensorSpec): boolean {
  return shape.length === 1 || (shape.length === 2 && (shape[1] === 1 || typeof shape[1] !== 'number'));
}

/** Whether `{"instances": …}` is a form of plain requests to this model, and not one of its inputs. */
export function takesInstances(signature: Signature): boolean {
  return rowsOf(signature) !== undefined && !isInput(signature, 'instances');
}

/** Whether plain requests have the inputs under `inputs`: not when one of them has that name itself. */
export function wrapsInputs(signature: Signature): boolean {
  return !isInput(signature, 'inputs');
}

function isInput({ inputs }: Signature, name: string): boolean {
  return inputs.some((input) => input.name === name);
}

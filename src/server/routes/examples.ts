import { arrayTypeOf, countOf } from '../../core/inference/datatypes';
import { exampleShape, exampleValues } from '../../core/inference/exampleValues';
import type { JsonValue } from '../../core/inference/tensor';
import type { Signature, TensorSpec } from '../../core/model/signature';
import { mostNamedColumns, rowsOf, tableOf, takesInstances, wrapsInputs } from './requestForms';

/** Values of an example at most: a description is read by people too. A picture of 128 by 128 has as many. */
const mostValues = 2 ** 14;
/** Bytes of tensors in an example at most: most of them are six characters of JSON each. */
const mostBytes = 2 ** 12;

/** Requests that work, by the forms that the model takes; none when they would be too long to read. */
export interface Examples {
  /** To `/predict`. */
  plain: JsonValue;
  infer: JsonValue;
  binary?: { jsonBytes: number; body: string };
  /** To `/v1/models/NAME:predict`. */
  v1: Record<string, JsonValue>;
  /** To `/invocations`, in JSON and in CSV. */
  invocations: Record<string, JsonValue>;
  csv?: string;
}

export function examplesOf(signature: Signature): Examples | undefined {
  const { inputs } = signature;
  if (inputs.reduce((sum, spec) => sum + countOf(exampleShape(spec.shape)), 0) > mostValues) return undefined;
  const byName = Object.fromEntries(inputs.map((spec) => [spec.name, exampleValues(spec)]));
  const plain = wrapsInputs(signature) ? { inputs: byName } : byName;
  const rows = rowsIn(signature);
  const instances = rows && { instances: { instances: instancesIn(signature, rows) } };
  const table = rows && tableIn(signature, rows);
  return {
    plain,
    infer: { inputs: inputs.map((spec) => ({ ...headOf(spec), data: flatValues(spec) })) },
    binary: binaryIn(signature),
    v1: { ...(takesInstances(signature) && instances), inputs: plain },
    invocations: { inputs: { inputs: byName }, ...instances, ...table?.json },
    csv: table?.csv,
  };
}

function flatValues(spec: TensorSpec): JsonValue {
  return exampleValues({ ...spec, shape: [countOf(exampleShape(spec.shape))] });
}

function headOf({ name, datatype = 'FP32', shape }: TensorSpec) {
  return { name, datatype, shape: exampleShape(shape) };
}

/** The rows of each input. */
function rowsIn(signature: Signature): JsonValue[][] | undefined {
  const rows = rowsOf(signature);
  if (!rows) return undefined;
  return signature.inputs.map((spec) => {
    const shape = [rows.minItems, ...(spec.shape ?? []).slice(1)];
    return exampleValues({ ...spec, shape }) as JsonValue[];
  });
}

function instancesIn({ inputs }: Signature, rows: JsonValue[][]): JsonValue[] {
  const [first = []] = rows;
  if (inputs.length === 1) return first;
  return first.map((_, row) =>
    Object.fromEntries(inputs.map(({ name }, index) => [name, rows[index]?.[row] ?? null])),
  );
}

function tableIn(signature: Signature, rows: JsonValue[][]) {
  const table = tableOf(signature);
  if (!table) return undefined;
  const data = (rows[0] ?? []).map((_, row) => rows.flatMap((values) => values[row] ?? null));
  const columns = table.columns.map(({ name }) => name);
  const records = data.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at] ?? null])));
  const lines: JsonValue[][] = table.named ? [columns, ...data] : data;
  const json: Record<string, JsonValue> = {
    dataframe_split: { dataframe_split: { ...(table.named && { columns }), data } },
    ...(columns.length <= mostNamedColumns && { dataframe_records: { dataframe_records: records } }),
  };
  return { json, csv: lines.map((line) => `${line.map(cell).join(',')}\n`).join('') };
}

function cell(value: JsonValue): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[\w.-]+$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
}

/** With zeros and words as values: they are bytes that a description, which is text, can hold. */
function binaryIn({ inputs }: Signature): Examples['binary'] {
  const bytes = inputs.map(({ datatype = 'FP32', shape }) => {
    const value =
      datatype === 'BYTES' ? '\x04\0\0\0text' : '\0'.repeat(arrayTypeOf(datatype).BYTES_PER_ELEMENT);
    return value.repeat(countOf(exampleShape(shape)));
  });
  const tail = bytes.join('');
  if (tail.length > mostBytes) return undefined;
  const tensors = inputs.map((spec, index) => ({
    ...headOf(spec),
    parameters: { binary_data_size: bytes[index]?.length ?? 0 },
  }));
  const json = JSON.stringify({ inputs: tensors });
  return { jsonBytes: Buffer.byteLength(json), body: json + tail };
}

import type { Datatype } from '../../core/inference/tensor';
import type { Dimension, TensorSpec } from '../../core/model/signature';

export type Json = { [key: string]: unknown };

/** Arrays in arrays, as the shape says; a free dimension is one row, as all rows must have the same length. */
export function nested({ datatype, shape = [null] }: TensorSpec): Json {
  return [...shape].reverse().reduce<Json>((items, size: Dimension, index) => {
    const outermost = index === shape.length - 1;
    if (typeof size === 'number') return { type: 'array', items, minItems: size, maxItems: size };
    return { type: 'array', items, minItems: 1, ...(!outermost && { maxItems: 1 }) };
  }, value(datatype));
}

/** Written out in full: as floats, bounds of 64 bits would round to one that is refused. */
const integerRange = (bits: number, signed: boolean): Json => ({
  type: 'integer',
  minimum: signed ? -(2n ** BigInt(bits - 1)) : 0,
  maximum: 2n ** BigInt(signed ? bits - 1 : bits) - 1n,
});

/** The greatest numbers that do not round to infinity. */
const greatest: Partial<Record<Datatype, number>> = {
  FP16: 65519.99804687499,
  FP32: 3.4028235677973362e38,
};

export function value(datatype: Datatype = 'FP32'): Json {
  if (datatype === 'BOOL') return { enum: [true, false, 0, 1] };
  // Strings of ONNX end there.
  if (datatype === 'BYTES') return { type: 'string', pattern: '^[^\\u0000]*$' };
  const [, kind, bits] = /^(INT|UINT)(\d+)$/.exec(datatype) ?? [];
  if (bits) return integerRange(Number(bits), kind === 'INT');
  const most = greatest[datatype] ?? Number.MAX_VALUE;
  return { type: ['number', 'null'], minimum: -most, maximum: most };
}

/** A value in a table, where a truth value may stand for a number, as pandas has it. */
export function cell(datatype: Datatype = 'FP32'): Json {
  const schema = value(datatype);
  return datatype.startsWith('FP') ? { ...schema, type: ['number', 'null', 'boolean'] } : schema;
}

export function object(properties: Json, required: string[]): Json {
  return { type: 'object', properties, required };
}

export function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

import { countOf } from '../../core/inference/datatypes';
import { exampleShape } from '../../core/inference/exampleValues';
import type { Datatype } from '../../core/inference/tensor';
import type { Dimension, Signature, TensorSpec } from '../../core/model/signature';
import { mostNamedColumns, rowsOf, tableOf, takesInstances, wrapsInputs } from './requestForms';

export type Json = { [key: string]: unknown };

/** JSON Schemas of the bodies for a model. All that those of requests allow is accepted. */
export function schemasOf(signature: Signature): Json {
  const instances = instancesOf(signature);
  return {
    Inputs: inputsByName(signature),
    PlainRequest: plainRequest(signature),
    ...(takesInstances(signature) && { InstancesRequest: object({ instances }, ['instances']) }),
    InvocationRequest: invocationRequest(signature),
    PlainResponse: object({ outputs: { type: 'object', additionalProperties: true } }, ['outputs']),
    PredictionsResponse: object({ predictions: {} }, ['predictions']),
    InferRequest: inferRequest(signature),
    InferResponse: inferResponse(signature),
    Error: object({ error: { type: 'string' } }, ['error']),
  };
}

export function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

function inputsByName({ inputs }: Signature): Json {
  const values = Object.fromEntries(inputs.map((spec) => [spec.name, nested(spec)]));
  return { ...object(values, Object.keys(values)), additionalProperties: false };
}

function plainRequest(signature: Signature): Json {
  if (!wrapsInputs(signature)) return ref('Inputs');
  // With instances it would be another form.
  const others = takesInstances(signature) && { instances: { type: 'null' } };
  return object({ inputs: ref('Inputs'), ...others }, ['inputs']);
}

/** Rows of the only input, or an object for each row. */
function instancesOf(signature: Signature): Json | undefined {
  const { inputs } = signature;
  const rows = rowsOf(signature);
  const [only, ...others] = inputs;
  if (!rows || !only) return undefined;
  if (others.length === 0) return nested(only);
  const values = Object.fromEntries(inputs.map((spec) => [spec.name, nested(spec)['items']]));
  return { type: 'array', items: object(values, Object.keys(values)), ...rows };
}

/** An object with exactly one of the forms: the others are not there, or null. */
function invocationRequest(signature: Signature): Json {
  const instances = instancesOf(signature);
  const forms: Json = { inputs: ref('Inputs'), ...(instances && { instances }), ...tableForms(signature) };
  const none = Object.fromEntries(Object.keys(forms).map((name) => [name, { type: 'null' }]));
  return {
    anyOf: Object.entries(forms).map(([name, form]) => ({
      title: name,
      ...object({ ...none, [name]: form }, [name]),
    })),
  };
}

function tableForms(signature: Signature): Json {
  const rows = rowsOf(signature);
  const table = tableOf(signature);
  if (!rows || !table) return {};
  const names = table.columns.map(({ name }) => name);
  const cells = table.columns.map(({ datatype }) => value(datatype));
  const length = { minItems: names.length, maxItems: names.length };
  const columns = table.named
    ? { const: names }
    : { type: 'array', items: { type: ['string', 'integer'] }, ...length };
  const row = table.named
    ? { type: 'array', prefixItems: cells, items: false, ...length }
    : { type: 'array', items: cells[0], ...length };
  const record = object(Object.fromEntries(names.map((name, index) => [name, cells[index]])), names);
  const whole = signature.inputs.length === 1 && { additionalProperties: false };
  return {
    dataframe_split: object({ columns, data: { type: 'array', items: row, ...rows } }, ['data']),
    ...(names.length <= mostNamedColumns && {
      dataframe_records: { type: 'array', items: { ...record, ...whole }, ...rows },
    }),
  };
}

/** One row, or what stands for it: JSON Schema can not say that there are as many values as the shape has. */
function inferRequest({ inputs, outputs }: Signature): Json {
  const tensor = ({ name, datatype, shape }: TensorSpec): Json => {
    const sizes = exampleShape(shape);
    const count = countOf(sizes);
    const data = { type: 'array', items: value(datatype), minItems: count, maxItems: count };
    return object(
      {
        name: { const: name },
        datatype: { const: datatype },
        shape: { const: sizes, description: 'Free dimensions, 1 here, may have any size.' },
        data,
      },
      ['name', 'datatype', 'shape', 'data'],
    );
  };
  const list = {
    type: 'array',
    // Never an empty array, as JSON Schema has it.
    ...(inputs.length > 0 && { prefixItems: inputs.map(tensor) }),
    items: false,
    minItems: inputs.length,
    maxItems: inputs.length,
  };
  const binary = (description: string) => ({ type: ['boolean', 'null'], description });
  const wanted = object(
    {
      name: { enum: outputs.map(({ name }) => name) },
      parameters: parameters({ binary_data: binary('Whether it comes as bytes behind the JSON.') }),
    },
    ['name'],
  );
  return object(
    {
      id: { type: ['string', 'null'] },
      inputs: list,
      outputs: {
        type: ['array', 'null'],
        items: wanted,
        description: 'The outputs that are wanted, in this order; all when there are none.',
      },
      parameters: parameters(
        {
          binary_data_output: binary('Whether outputs that do not say it come as bytes behind the JSON.'),
        },
        '"timeout" is how long the client waits, in microseconds.',
      ),
    },
    ['inputs'],
  );
}

function parameters(properties: Json, description?: string): Json {
  return { type: ['object', 'null'], properties, description };
}

function inferResponse({ outputs }: Signature): Json {
  const tensor = object(
    {
      name: { enum: outputs.map(({ name }) => name) },
      datatype: { type: 'string' },
      shape: { type: 'array', items: { type: 'integer', minimum: 0 } },
      data: { type: 'array' },
    },
    ['name', 'datatype', 'shape', 'data'],
  );
  return object(
    {
      model_name: { type: 'string' },
      model_version: { type: 'string' },
      id: { type: 'string' },
      outputs: { type: 'array', items: tensor },
    },
    ['model_name', 'outputs'],
  );
}

/** Arrays in arrays, as the shape says; a free dimension is one row, as all rows must have the same length. */
function nested({ datatype, shape = [null] }: TensorSpec): Json {
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

function value(datatype: Datatype = 'FP32'): Json {
  if (datatype === 'BOOL') return { enum: [true, false, 0, 1] };
  if (datatype === 'BYTES') return { type: 'string' };
  const [, kind, bits] = /^(INT|UINT)(\d+)$/.exec(datatype) ?? [];
  if (bits) return integerRange(Number(bits), kind === 'INT');
  const most = greatest[datatype] ?? Number.MAX_VALUE;
  return { type: ['number', 'null'], minimum: -most, maximum: most };
}

function object(properties: Json, required: string[]): Json {
  return { type: 'object', properties, required };
}

import { countOf } from '../../core/inference/datatypes';
import { exampleShape } from '../../core/inference/exampleValues';
import type { Signature, TensorSpec } from '../../core/model/signature';
import { mostNamedColumns, rowsOf, tableOf, takesInstances, wrapsInputs } from './requestForms';
import { cell, nested, object, ref, value } from './valueSchemas';
import type { Json } from './valueSchemas';

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
  // Without them, rows of one value would be an axis too many.
  const needsNames = signature.inputs.length === 1 && signature.inputs[0]?.shape?.length === 1;
  const cells = table.columns.map(({ datatype }) => cell(datatype));
  const length = { minItems: names.length, maxItems: names.length };
  const columns = table.named
    ? { enum: needsNames ? [names] : [names, null] }
    : { type: ['array', 'null'], items: { type: ['string', 'number'] }, ...length };
  const row = table.named
    ? { type: 'array', prefixItems: cells, items: false, ...length }
    : { type: 'array', items: cells[0], ...length };
  const required = needsNames ? ['columns', 'data'] : ['data'];
  const record = object(Object.fromEntries(names.map((name, index) => [name, cells[index]])), names);
  const whole = signature.inputs.length === 1 && { additionalProperties: false };
  return {
    dataframe_split: object({ columns, data: { type: 'array', items: row, ...rows } }, required),
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

/** The header of an ONNX file. Source: onnx.proto (ModelProto, GraphProto, TensorProto), ONNX IR version 13. */
import type { FileWindow } from './fileWindow';
import { readValueInfo } from './onnxTypes';
import { fieldsOf, readFields, textOf, WireError, type Field } from './protobuf';
import type { ModelDescription, TensorSpec } from './signature';

/** A header's parts are short; one that claims to be longer is not read into memory. */
const longestPart = 4 * 2 ** 20;

export interface OnnxHeader {
  description: ModelDescription;
  /** Files with weights, as the model names them: relative to its folder. */
  externalData: string[];
}

interface Graph {
  name: string;
  inputs: TensorSpec[];
  outputs: TensorSpec[];
  initializers: Set<string>;
  externalData: Set<string>;
}

/**
 * Reads all of a model but its weights and nodes, which it seeks over.
 * @throws WireError when the bytes are no ONNX model or end too early
 */
export async function readOnnx(window: FileWindow, signal?: AbortSignal): Promise<OnnxHeader> {
  const graph: Graph = {
    name: '',
    inputs: [],
    outputs: [],
    initializers: new Set(),
    externalData: new Set(),
  };
  const description: Omit<ModelDescription, 'signature'> = {
    kind: 'onnx',
    size: window.size,
    irVersion: 0,
    opsets: [],
    producer: '',
    producerVersion: '',
    graphName: '',
    doc: '',
    metadata: {},
  };
  let hasGraph = false;
  const visit = async (field: Field) => {
    if (field.number === 1 && !field.delimited) description.irVersion = field.value;
    if (!field.delimited) return;
    switch (field.number) {
      case 2:
        description.producer = (await part(window, field)).toString();
        return;
      case 3:
        description.producerVersion = (await part(window, field)).toString();
        return;
      case 6:
        description.doc = (await part(window, field)).toString();
        return;
      case 7:
        hasGraph = true;
        return readGraph(window, field, graph, signal);
      case 8:
        addOpset(description.opsets, await part(window, field));
        return;
      case 14: {
        const [key, value] = readEntry(await part(window, field));
        description.metadata[key] = value;
      }
    }
  };
  await readFields(window, 0, window.size, visit, signal);
  if (!hasGraph || !description.irVersion) throw new WireError('it has no graph or no version');
  return {
    description: {
      ...description,
      graphName: graph.name,
      signature: {
        inputs: graph.inputs.filter(({ name }) => !graph.initializers.has(name)),
        outputs: graph.outputs,
      },
    },
    externalData: [...graph.externalData],
  };
}

async function readGraph(
  window: FileWindow,
  { start, end }: Field,
  graph: Graph,
  signal?: AbortSignal,
): Promise<void> {
  const visit = (field: Field): void | Promise<void> => {
    if (!field.delimited) return;
    switch (field.number) {
      case 2:
        return part(window, field).then((bytes) => void (graph.name = bytes.toString()));
      case 5:
        return readInitializer(window, field, graph);
      case 11:
        return part(window, field).then((bytes) => void graph.inputs.push(readValueInfo(bytes)));
      case 12:
        return part(window, field).then((bytes) => void graph.outputs.push(readValueInfo(bytes)));
      case 15:
        return readFields(window, field.start, field.end, (values) =>
          values.number === 1 && values.delimited ? readInitializer(window, values, graph) : undefined,
        );
    }
  };
  await readFields(window, start, end, visit, signal);
}

/** Takes the name and the file of the weights; the weights themselves are not read. */
async function readInitializer(window: FileWindow, tensor: Field, graph: Graph): Promise<void> {
  await readFields(window, tensor.start, tensor.end, async (field) => {
    if (field.number === 8 && field.delimited) graph.initializers.add((await part(window, field)).toString());
    if (field.number === 13 && field.delimited) {
      const [key, value] = readEntry(await part(window, field));
      if (key === 'location') graph.externalData.add(value);
    }
  });
}

async function part(window: FileWindow, field: Field): Promise<Buffer> {
  if (field.end - field.start > longestPart) {
    throw new WireError(`a part of its header claims to have ${field.end - field.start} bytes`);
  }
  return window.slice(field.start, field.end);
}

/** Some exporters name the same domain twice. */
function addOpset(opsets: { domain: string; version: number }[], bytes: Buffer): void {
  let domain = 'ai.onnx';
  let version = 0;
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) domain = textOf(bytes, field) || domain;
    if (field.number === 2) version = field.value;
  }
  if (!opsets.some((known) => known.domain === domain)) opsets.push({ domain, version });
}

function readEntry(bytes: Buffer): [key: string, value: string] {
  let key = '';
  let value = '';
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) key = textOf(bytes, field);
    if (field.number === 2) value = textOf(bytes, field);
  }
  return [key, value];
}

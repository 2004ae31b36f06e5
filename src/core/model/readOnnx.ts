/** The header of an ONNX file. Source: onnx.proto (ModelProto, GraphProto, TensorProto), ONNX IR version 13. */
import type { FileWindow } from './fileWindow';
import { readValueInfo } from './onnxTypes';
import { readEntry, readPart } from './parts';
import { fieldsOf, readFields, textOf, type Field } from './protobuf';
import type { OnnxDescription, TensorSpec } from './signature';
import { WireError } from './wireError';

/** Producer and its version, doc, graph, operator sets, metadata. */
const headerFields = new Set([2, 3, 6, 7, 8, 14]);

interface Graph {
  name: string;
  inputs: TensorSpec[];
  outputs: TensorSpec[];
  initializers: Set<string>;
}

/**
 * Reads all of a model but its weights and nodes, which it seeks over.
 * @throws WireError when the bytes are no ONNX model or end too early
 */
export async function readOnnx(window: FileWindow, signal?: AbortSignal): Promise<OnnxDescription> {
  const graph: Graph = {
    name: '',
    inputs: [],
    outputs: [],
    initializers: new Set(),
  };
  const description: Omit<OnnxDescription, 'signature'> = {
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
  const visit = (field: Field): void | Promise<void> => {
    if (field.number === 1 && !field.delimited) description.irVersion = field.value;
    if (field.delimited && headerFields.has(field.number)) return readHeader(field);
  };
  const readHeader = async (field: Field): Promise<void> => {
    if (field.number === 7) {
      hasGraph = true;
      return readGraph(window, field, graph, signal);
    }
    const bytes = await readPart(window, field);
    if (field.number === 2) description.producer = bytes.toString();
    if (field.number === 3) description.producerVersion = bytes.toString();
    if (field.number === 6) description.doc = bytes.toString();
    if (field.number === 8) addOpset(description.opsets, bytes);
    if (field.number === 14) {
      const [key, value] = readEntry(bytes);
      description.metadata[key] = value;
    }
  };
  await readFields(window, 0, window.size, visit, signal);
  if (!hasGraph || !description.irVersion) throw new WireError('it has no graph or no version');
  // IR version 3 made it compulsory; without it the file ends too early, at the end of a part.
  if (description.opsets.length === 0 && description.irVersion >= 3)
    throw new WireError('it names no operator set');
  return {
    ...description,
    graphName: graph.name,
    signature: {
      inputs: graph.inputs.filter(({ name }) => !graph.initializers.has(name)),
      outputs: graph.outputs,
    },
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
        return readPart(window, field).then((bytes) => void (graph.name = bytes.toString()));
      case 5:
        return readInitializer(window, field, graph);
      case 11:
        return readPart(window, field).then((bytes) => void addValue(graph.inputs, bytes));
      case 12:
        return readPart(window, field).then((bytes) => void addValue(graph.outputs, bytes));
      case 15:
        return readFields(window, field.start, field.end, (values) =>
          values.number === 1 && values.delimited ? readInitializer(window, values, graph) : undefined,
        );
    }
  };
  await readFields(window, start, end, visit, signal);
}

/** More than any model has; a file that says otherwise would fill the memory. */
const mostValues = 100_000;

function addValue(values: TensorSpec[], bytes: Buffer): void {
  if (values.length >= mostValues) throw new WireError(`it has more than ${mostValues} inputs or outputs`);
  values.push(readValueInfo(bytes));
}

/** Takes the name; the weights themselves are not read. */
async function readInitializer(window: FileWindow, tensor: Field, graph: Graph): Promise<void> {
  await readFields(window, tensor.start, tensor.end, async (field) => {
    if (field.number === 8 && field.delimited)
      graph.initializers.add((await readPart(window, field)).toString());
  });
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

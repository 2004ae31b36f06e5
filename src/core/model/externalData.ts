/** Weights outside of the model's file. Source: onnx.proto and https://onnx.ai/onnx/repo-docs/ExternalData.html */
import type { FileWindow } from './fileWindow';
import { readEntry, readPart } from './parts';
import { readFields } from './protobuf';
import { WireError } from './wireError';

type Message = 'model' | 'graph' | 'function' | 'node' | 'attribute' | 'tensor' | 'sparse';

/** The fields of each message that lead to tensors, by number. */
const children: Record<Message, Record<number, Message>> = {
  model: { 7: 'graph', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  function: { 7: 'node', 11: 'attribute' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: {},
};
const externalEntry = 13;
const deepestGraph = 100;

/**
 * The files that hold weights, as the model names them: relative to its folder. Also those of branches and loops inside of
 * nodes, which makes it slower than reading the signature.
 */
export async function readExternalData(window: FileWindow, signal?: AbortSignal): Promise<string[]> {
  const locations = new Set<string>();
  const walk = async (message: Message, start: number, end: number, depth: number): Promise<void> => {
    if (depth > deepestGraph) throw new WireError('its graphs are nested too deeply');
    await readFields(
      window,
      start,
      end,
      (field) => {
        if (!field.delimited) return;
        const child = children[message][field.number];
        if (child) return walk(child, field.start, field.end, depth + 1);
        if (message !== 'tensor' || field.number !== externalEntry) return;
        return readPart(window, field).then((bytes) => {
          const [key, value] = readEntry(bytes);
          if (key === 'location') locations.add(value);
        });
      },
      signal,
    );
  };
  await walk('model', 0, window.size, 0);
  return [...locations];
}

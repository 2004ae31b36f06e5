import { messageOf } from '../../core/errors';

/** Where in onnxruntime's own source something happened: file, line and the C++ function's signature. */
const sourcePlace = /\S*\/\S+\.(?:cc|cpp|h|hpp):\d+ (?:[^()\n]*\([^()\n]*\)(?: const)? ?)?/g;

/** What onnxruntime says went wrong, without the places in its source that tell a model's user nothing. */
export function ortMessage(error: unknown): string {
  const message = messageOf(error);
  const node = /while running (\w+) node\. Name:'([^']*)' Status Message: ([\s\S]*)/.exec(message);
  const words = (node?.[3] ?? message).replace(sourcePlace, '').replace(/\s+/g, ' ').trim();
  return node ? `${node[1]}${node[2] ? ` "${node[2]}"` : ''}: ${words}` : words;
}

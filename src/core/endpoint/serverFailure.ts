import { UserError, type ErrorCode } from '../errors';

const lastLines = 8;
const knownCodes = ['model-broken', 'model-missing', 'model-unsupported', 'port-taken'] satisfies ErrorCode[];

/** Code and next step for a server that ended without a word of its own. */
export const silentEnds = {
  container: {
    code: 'endpoint-not-ready',
    next: 'Give it more memory (slipway.serve.memoryMiB), or another image with Node (slipway.image.nodeBase).',
  },
  process: { code: 'node-unusable', next: 'Name a Node 20 or newer in slipway.server.nodePath.' },
} as const;

/**
 * Why a server did not start, from all that it wrote: its own `{"error", "code", "next"}` line where there is one, else its last words.
 * @param what the model, for people
 * @param ended how it ended: `exit code 1`
 */
export function serverFailure(
  what: string,
  ended: string,
  written: string,
  { code, next }: (typeof silentEnds)[keyof typeof silentEnds],
): UserError {
  const lines = written.split('\n').filter((line) => line.trim() !== '');
  const said = lines.map(readFailure).findLast((failure) => failure !== undefined);
  if (said) {
    const known = knownCodes.find((each) => each === said.code);
    return new UserError(known ?? 'endpoint-not-ready', said.error, said.next);
  }
  const words = lines.length > 0 ? `:\n${lines.slice(-lastLines).join('\n')}` : ' and wrote nothing.';
  return new UserError(code, `The server of ${what} ended before it could predict (${ended})${words}`, next);
}

/** The binary could not be started at all. */
export function nodeUnusable(command: string, why: string): UserError {
  return new UserError(
    'node-unusable',
    `The model server could not be started with ${command}: ${why}.`,
    silentEnds.process.next,
  );
}

function readFailure(line: string): { error: string; code?: string; next?: string } | undefined {
  if (!line.startsWith('{"error":')) return undefined;
  try {
    return JSON.parse(line) as { error: string; code?: string; next?: string };
  } catch {
    return undefined;
  }
}

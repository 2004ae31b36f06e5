import { UserError, type ErrorCode } from '../errors';

const lastLines = 8;
const known: readonly string[] = [
  'model-broken',
  'model-missing',
  'model-unsupported',
  'port-taken',
] satisfies ErrorCode[];

/**
 * Why a server did not start, from all that it wrote: its own `{"error", "code", "next"}` line where there is one, else its last words.
 * @param what the model, for people
 * @param ended how it ended: `exit code 1`
 */
export function serverFailure(what: string, ended: string, written: string): UserError {
  const lines = written.split('\n').filter((line) => line.trim() !== '');
  const said = lines.map(readFailure).findLast((failure) => failure !== undefined);
  if (said) {
    const code = known.includes(said.code ?? '') ? (said.code as ErrorCode) : 'endpoint-not-ready';
    return new UserError(code, said.error, said.next);
  }
  const words = lines.slice(-lastLines).join('\n');
  return new UserError(
    'endpoint-not-ready',
    `The server of ${what} ended before it could predict (${ended})${words ? `:\n${words}` : ' and wrote nothing.'}`,
    'Look at the log. If this Node can not run it, name another one in slipway.server.nodePath or slipway.image.nodeBase.',
  );
}

/** The binary could not be started at all. */
export function nodeUnusable(command: string, why: string): UserError {
  return new UserError(
    'node-unusable',
    `The model server could not be started with ${command}: ${why}.`,
    'Name a Node 20 or newer in slipway.server.nodePath.',
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

import { UserError, messageOf } from '../errors';

/** What dockerode and Node put on their errors. */
interface EngineError {
  /** Of the engine's answer. */
  statusCode?: number;
  json?: { message?: string };
  /** Of Node: `ECONNREFUSED`. */
  code?: string;
  syscall?: string;
  address?: string;
  port?: number;
  hostname?: string;
  /** One for each address that was tried. */
  errors?: EngineError[];
}

const away = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/;
const cut = /^(ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE)$/;
const unsafe = /^(CERT_|ERR_TLS|ERR_SSL|EPROTO|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HPE_)/;

/** How to make room for an engine without its stopped containers, which are endpoints and releases kept for a roll back. */
export const makeRoom = 'Make room, for example with "docker image prune" and "docker builder prune"';

/**
 * Words for what went wrong with the engine. A `UserError` stays what it is.
 * @param doing what was tried, as it follows "could not": `start iris`
 * @param address of the engine, for errors that do not say it themselves
 */
export function asUserError(error: unknown, doing: string, address?: string): UserError {
  if (error instanceof UserError) return error;
  const words = engineWords(error);
  const { statusCode, code } = (error ?? {}) as EngineError;
  const said = (kind: UserError['code'], why: string, next?: string) =>
    new UserError(kind, `Slipway could not ${doing}: ${why}`, next, { cause: error, why });

  const gone = statusCode === undefined ? whyUnreachable(error, address) : undefined;
  if (gone) return said('engine-unreachable', gone.why, gone.next);
  if (code === 'ENOSPC' || isDiskFull(words)) {
    return said('disk-full', 'the disk is full.', `${makeRoom}.`);
  }
  const port = portTakenIn(words);
  if (port !== undefined) {
    const which = port === '' ? 'the port' : `port ${port}`;
    return said('port-taken', `${which} is taken.`, 'Stop what uses it, or choose another port.');
  }
  if (statusCode === 404 && /no such image/i.test(words)) {
    return said('image-missing', sentence(words), 'Try again: it is built or pulled anew.');
  }
  if (statusCode === 404 && /no such container/i.test(words)) {
    return said('endpoint-gone', 'its container is gone.', 'Start it again.');
  }
  return said('engine-refused', sentence(words), 'Look at the log for the details.');
}

/** Runs `work`; what goes wrong in it becomes words, except a cancel. `doing` and `address` as for {@link asUserError}. */
export async function inWords<T>(
  doing: string,
  signal: AbortSignal,
  work: () => Promise<T>,
  address?: string,
): Promise<T> {
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw asUserError(error, doing, address);
  }
}

/** Status of the engine's answer, such as 404; undefined when it did not answer. */
export function statusOf(error: unknown): number | undefined {
  return (error as EngineError | undefined)?.statusCode;
}

/** Whether the engine's words say that its disk is full. */
export function isDiskFull(words: string): boolean {
  return /no space left on device|disk quota exceeded/i.test(words);
}

/** What the engine itself said, without the frame that dockerode puts around it. */
export function engineWords(error: unknown): string {
  const words = (error as EngineError | undefined)?.json?.message ?? messageOf(error);
  return words.replace(/^\(HTTP code \d+\) [^-]* - /, '').trim();
}

/** The port that is named, or an empty string for one that is not; undefined when it is about something else. */
function portTakenIn(words: string): string | undefined {
  if (!/port is already allocated|address already in use|ports are not available/i.test(words))
    return undefined;
  return /:(\d{1,5})(?: failed|: bind| ->)/.exec(words)?.[1] ?? '';
}

function whyUnreachable(error: unknown, address?: string): { why: string; next: string } | undefined {
  const engine = (error ?? {}) as EngineError;
  const first = engine.errors?.[0] ?? engine;
  const where = address ?? addressIn(first);
  const at = where === undefined ? '' : ` at ${where}`;
  const code = first.code ?? '';
  const connecting = first.syscall === 'connect';
  const start = 'Start Docker, or name the engine in slipway.docker.host.';
  if (connecting && (code === 'EACCES' || code === 'EPERM')) {
    const next = 'Add your user to the group "docker" and log in again.';
    return { why: `this user may not use the Docker engine${at}.`, next };
  }
  if (away.test(code) || (connecting && code === 'ENOENT')) {
    return { why: `no Docker engine answers${at}.`, next: start };
  }
  if (cut.test(code)) return { why: `the Docker engine${at} went away.`, next: start };
  if (error instanceof Error && error.name === 'TimeoutError') {
    return { why: `the Docker engine${at} does not answer in time.`, next: start };
  }
  if (!unsafe.test(code)) return undefined;
  const next = 'Check its address, and the certificates at DOCKER_CERT_PATH.';
  return { why: `what answers${at} is no Docker engine that can be trusted (${messageOf(error)}).`, next };
}

function addressIn({ address, port, hostname }: EngineError): string | undefined {
  if (address === undefined) return hostname;
  return port === undefined ? address : `${address}:${port}`;
}

function sentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

import { UserError, messageOf } from '../../errors';
import { shownAddress, withoutSecrets } from '../../secrets';

/** The API answered that it does not do what was asked. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** One word: `AlreadyExists`. */
    readonly reason: string | undefined,
    message: string,
    readonly asked: { method: string; path: string },
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** What the kubeconfig names to log in with does not work. */
export class LoginError extends Error {
  override readonly name = 'LoginError';

  constructor(
    message: string,
    /** The command that it names and that is not installed. */
    readonly missing?: string,
  ) {
    super(message);
  }
}

interface NodeError {
  code?: string;
  syscall?: string;
  path?: string;
}

const away = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ECONNRESET|EPIPE)$/;
const untrusted =
  /^(CERT_|ERR_TLS|ERR_SSL|EPROTO|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|ERR_OSSL)/;

/** The error for a way to log in that failed. Of what a command was given and printed, which may hold a token, only its last words are kept. */
export function loginError(error: unknown): LoginError {
  const { code, syscall, path } = (error ?? {}) as NodeError;
  if (code === 'ENOENT' && syscall?.startsWith('spawn')) return new LoginError('it is not installed', path);
  if (error instanceof SyntaxError) return new LoginError('its answer is no JSON');
  if (error instanceof TypeError) return new LoginError('its answer is no credential');
  const [last = ''] = messageOf(error).trim().split('\n').slice(-1);
  return new LoginError(withoutSecrets(last.trim()));
}

/** Status of the API's answer, such as 404; undefined when it did not answer. */
export function apiStatusOf(error: unknown): number | undefined {
  return error instanceof ApiError ? error.status : undefined;
}

/**
 * Words for what went wrong with a cluster. A `UserError` stays what it is.
 * @param doing what was tried, as it follows "could not": `start iris on staging`
 * @param address of the API server
 */
export function clusterError(error: unknown, doing: string, address: string): UserError {
  if (error instanceof UserError) return error;
  const { kind, why, next } = whatWentWrong(error, shownAddress(address));
  return new UserError(kind, `Slipway could not ${doing}: ${why}`, next, { cause: error, why });
}

/** Runs `work`; what goes wrong in it becomes words, except a cancel. `doing` and `address` as for {@link clusterError}. */
export async function inClusterWords<T>(
  doing: string,
  address: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw clusterError(error, doing, address);
  }
}

interface Words {
  kind: UserError['code'];
  why: string;
  next?: string;
}

function whatWentWrong(error: unknown, address: string): Words {
  if (error instanceof ApiError) return refused(error);
  if (error instanceof LoginError) return noLogin(error);
  const { code = '' } = (error ?? {}) as NodeError;
  const said = messageOf(error);
  if (code === 'CERT_HAS_EXPIRED') {
    return {
      kind: 'cluster-unreachable',
      why: `the certificate of ${address} has expired.`,
      next: 'Ask whoever runs the cluster to renew it.',
    };
  }
  if (untrusted.test(code)) {
    return {
      kind: 'cluster-unreachable',
      why: `the certificate of ${address} is not trusted (${said}).`,
      next: 'Check "certificate-authority" of the cluster in the kubeconfig, and its address.',
    };
  }
  if (away.test(code) || /does not answer in time|socket hang up/.test(said)) {
    return {
      kind: 'cluster-unreachable',
      why: `the cluster at ${address} can not be reached (${code || said}).`,
      next: 'Check that it runs, and that this machine may reach it: a VPN may be needed.',
    };
  }
  return { kind: 'cluster-refused', why: sentence(said), next: 'Look at the log for the details.' };
}

function refused({ status, message, asked }: ApiError): Words {
  if (status === 401) {
    return {
      kind: 'cluster-denied',
      why: 'the cluster does not know us: the credentials are wrong, or have expired.',
      next: 'Log in again with the tool that made the kubeconfig.',
    };
  }
  if (status === 403) {
    return {
      kind: 'cluster-denied',
      why: sentence(forbidden(message) ?? message),
      next: 'Ask whoever runs the cluster for a role with this permission.',
    };
  }
  if (status === 404 && /could not find the requested resource|page not found/i.test(message)) {
    return {
      kind: 'cluster-refused',
      why: `the cluster has no resource ${asked.path.split('/').filter(Boolean).slice(0, 3).join('/')}.`,
      next: 'What the target asks for may have to be installed in the cluster first.',
    };
  }
  return { kind: 'cluster-refused', why: sentence(message) };
}

/** `User "eve" cannot create resource "deployments" in API group "apps" in the namespace "ml"`, as shorter words. */
function forbidden(message: string): string | undefined {
  const found =
    /User "([^"]*)" cannot (\w+) resource "([^"]+)"(?: in API group "([^"]*)")?(?: in the namespace "([^"]+)")?/.exec(
      message,
    );
  if (!found) return undefined;
  const [, user, verb, resource, group, namespace] = found as unknown as [
    string,
    string,
    string,
    string,
    string?,
    string?,
  ];
  const full = group ? `${resource}.${group}` : resource;
  return `${user} may not ${verb} ${full}${namespace ? ` in the namespace ${namespace}` : ''}`;
}

function noLogin(error: LoginError): Words {
  if (error.missing !== undefined) {
    return {
      kind: 'cluster-denied',
      why: `the kubeconfig logs in with the command "${error.missing}", which is not installed here.`,
      next: 'Install it, and see that it is in PATH.',
    };
  }
  return {
    kind: 'cluster-denied',
    why: `the kubeconfig's way to log in failed: ${sentence(error.message || 'it gave no reason')}`,
    next: 'Log in again with the tool that made the kubeconfig.',
  };
}

function sentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

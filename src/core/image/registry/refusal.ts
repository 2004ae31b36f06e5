import { UserError } from '../../errors';
import { howToLogIn } from './credentials';
import { nameOf, type Repository } from './repository';

/** What was asked of a registry, as it follows "could not". */
export type Doing = 'push to' | 'read from';

/** What a registry or an engine says when it refuses, and what helps; the first that fits counts. */
const remedies: [said: RegExp, next: (repository: Repository) => string][] = [
  [/HTTP response to HTTPS client/i, ({ host }) => howToDoWithoutTls(host)],
  [
    /x509|certificate|\btls: /i,
    ({ host }) =>
      `Put the certificate of its authority at /etc/docker/certs.d/${host}/ca.crt, here and on the engine's machine.`,
  ],
  [/immutable/i, () => 'Choose a repository whose tags may be written again.'],
  [
    /toomanyrequests|too many requests|rate limit/i,
    ({ host }) => `Wait a while, then try again: ${host} lets nobody ask that often.`,
  ],
  [
    /quota|no space left|insufficient storage|storage limit/i,
    ({ host }) => `Remove images on ${host} that nobody needs, or get more room there; then try again.`,
  ],
  [/name unknown|repository .*not (found|exist)/i, howToMake],
];

/** For Node's codes. */
const plainWords: Record<string, string | undefined> = {
  ENOTFOUND: 'there is no such host',
  ECONNREFUSED: 'nothing listens there',
};

const notLetIn = /unauthorized|authentication required|no basic auth|denied|forbidden/i;

/**
 * The error for what a registry, or an engine that spoke with it, said.
 * @param known whether Docker's configuration has credentials for the registry
 * @param why in the registry's or the engine's words
 */
export function refusal(
  repository: Repository,
  doing: Doing,
  known: boolean,
  why: string,
  cause?: unknown,
): UserError {
  const { host } = repository;
  const remedy = remedies.find(([said]) => said.test(why))?.[1];
  const stranger = !remedy && notLetIn.test(why);
  const next =
    remedy?.(repository) ??
    (stranger
      ? `${howToLogIn(host)} as somebody who may.`
      : 'Try again; what is there already is not sent twice.');
  const who = stranger && !known ? ` Docker's configuration has no credentials for ${host}.` : '';
  const message = `Slipway could not ${doing} ${nameOf(repository)}: ${why.replace(/\.?$/, '.')}${who}`;
  return new UserError('registry-refused', message, next, { cause, why });
}

/** The error for a registry that does not answer, or that can not be trusted. */
export function unreachable(host: string, error: unknown, why: string): UserError {
  const { code = '' } = (error ?? {}) as NodeJS.ErrnoException;
  const withoutTls = /wrong.version.number|packet.length.too.long/i.test(`${code} ${why}`);
  const next = withoutTls
    ? howToDoWithoutTls(host)
    : /CERT|SELF_SIGNED|UNABLE_TO|DEPTH_ZERO|ALTNAME/.test(code)
      ? `Put the certificate of its authority at /etc/docker/certs.d/${host}/ca.crt.`
      : 'Check its name and the network.';
  const words = withoutTls ? 'it does not speak TLS' : (plainWords[code] ?? why);
  return new UserError(
    'registry-unreachable',
    `The registry ${host} can not be reached: ${words.replace(/\.?$/, '.')}`,
    next,
    { cause: error, why: words },
  );
}

function howToDoWithoutTls(host: string): string {
  return `Give ${host} a certificate, or name it in "insecure-registries" of the engine's daemon.json and restart the engine.`;
}

function howToMake({ host, path }: Repository): string {
  const region = /\.dkr\.ecr(?:-fips)?\.([\w-]+)\.amazonaws\.com/.exec(host)?.[1];
  if (region) {
    return `Make the repository first: aws ecr create-repository --repository-name ${path} --region ${region}`;
  }
  return `Make the repository ${path} on ${host} first, if ${host} does not make them by itself.`;
}

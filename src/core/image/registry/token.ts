import { UserError } from '../../errors';
import type { Credentials } from './credentials';
import { exchange, type Answer, type Question } from './exchange';
import { isLoopback } from './repository';

/** What a registry wants before it answers: the fields of `WWW-Authenticate: Bearer`. */
interface Challenge {
  realm: string;
  service?: string;
  scope?: string;
}

/** Reads `WWW-Authenticate`; undefined unless it asks for a token. Values may stand without quotes. */
export function parseChallenge(header: string): Challenge | undefined {
  const [, rest] = /(?:^|,\s*)Bearer\s+(.*)$/is.exec(header) ?? [];
  if (rest === undefined) return undefined;
  const fields = Object.fromEntries(
    [...rest.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,"]+))/g)].map(([, key = '', quoted, bare]) => [
      key.toLowerCase(),
      quoted ?? bare ?? '',
    ]),
  );
  return fields['realm'] ? { ...fields, realm: fields['realm'] } : undefined;
}

/** `Authorization` with a name and a password; undefined for other credentials. */
export function basic(credentials: Credentials | undefined): string | undefined {
  if (!credentials || !('username' in credentials)) return undefined;
  const { username, password } = credentials;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/**
 * Asks a token service, with credentials where there are some, and answers what it said.
 * @param base of the registry that named the service, such as `https://ghcr.io`
 * @throws UserError `registry-refused` when what is asked for would travel unencrypted over a network
 * @see https://distribution.github.io/distribution/spec/auth/token/
 */
export function askForToken(
  base: string,
  { realm, service = '', scope = '' }: Challenge,
  credentials: Credentials | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  const url = new URL(realm, base);
  if (url.protocol !== 'https:' && !isLoopback(url.host) && !base.startsWith('http:')) {
    throw new UserError(
      'registry-refused',
      `${new URL(base).host} wants credentials to be sent to ${url.host} without TLS.`,
      'Ask those who run the registry to give its token service TLS.',
    );
  }
  if (credentials && 'identityToken' in credentials) {
    return exchange(url.href, refresh({ service, scope }, credentials.identityToken), signal);
  }
  url.searchParams.set('service', service);
  url.searchParams.set('scope', scope);
  const authorization = basic(credentials);
  return exchange(url.href, { headers: authorization ? { authorization } : {} }, signal);
}

/** The token in a token service's answer; undefined when there is none. */
export function tokenIn({ body }: Answer): string | undefined {
  try {
    const { token, access_token } = JSON.parse(body.toString()) as { token?: string; access_token?: string };
    return token ?? access_token;
  } catch {
    // What is wrong with it would show a part of it.
    return undefined;
  }
}

function refresh(about: Record<string, string>, token: string): Question {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: 'slipway',
    refresh_token: token,
    ...about,
  });
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  };
}

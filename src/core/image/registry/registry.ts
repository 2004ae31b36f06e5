import { UserError, isCancellation, messageOf } from '../../errors';
import { credentialsFor, howToLogIn, type Credentials } from './credentials';
import { exchange, type Answer, type Question } from './exchange';
import { apiHostOf, isLoopback, nameOf, type Repository } from './repository';

/** A manifest as a registry has it. */
export interface Manifest {
  mediaType: string;
  /** `sha256:…`, over `bytes`. */
  digest: string;
  bytes: Buffer;
}

const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/**
 * The API of a registry, for one repository.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 */
export class Registry {
  #base: string | undefined;
  #authorization: string | undefined;
  #credentials: Credentials | undefined;

  private constructor(private readonly repository: Repository) {}

  /** Nothing is asked of the registry yet, only Docker's configuration is read. Throws `UserError` `registry-refused`. */
  static async open(repository: Repository, signal: AbortSignal): Promise<Registry> {
    const registry = new Registry(repository);
    registry.#credentials = await credentialsFor(repository.host, signal);
    return registry;
  }

  /** What the engine is given for a push or a pull; undefined when nobody is known to this registry. */
  get engineAuth(): object | undefined {
    const serveraddress = this.repository.host;
    const credentials = this.#credentials;
    if (!credentials) return undefined;
    return 'identityToken' in credentials
      ? { identitytoken: credentials.identityToken, serveraddress }
      : { ...credentials, serveraddress };
  }

  /** Throws `UserError` `registry-refused` unless images may be pushed. An upload is begun for that, and given up. */
  async checkPush(signal: AbortSignal): Promise<void> {
    const begun = await this.#ask(
      `/blobs/uploads/`,
      { method: 'POST', headers: { 'content-length': '0' } },
      signal,
    );
    if (begun.status !== 202) throw this.#refused('push to', begun);
    const { location } = begun.headers;
    if (!location) return;
    const upload = new URL(location, this.#base).href;
    const { headers } = this.#signed({});
    // Whether it is given up or not does no harm: registries forget uploads that nobody goes on with.
    await exchange(upload, { method: 'DELETE', headers }, signal).catch(() => signal.throwIfAborted());
  }

  /** The manifest of a tag or digest; undefined when there is none. */
  async manifest(reference: string, signal: AbortSignal): Promise<Manifest | undefined> {
    const answer = await this.#ask(
      `/manifests/${reference}`,
      { headers: { accept: manifestTypes.join(', ') } },
      signal,
    );
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.#refused('read from', answer);
    const digest = String(answer.headers['docker-content-digest'] ?? '');
    return {
      mediaType: String(answer.headers['content-type']).split(';')[0] ?? '',
      digest,
      bytes: answer.body,
    };
  }

  /** Writes a manifest under a tag; resolves to its digest. */
  async putManifest(tag: string, mediaType: string, bytes: Buffer, signal: AbortSignal): Promise<string> {
    const question = { method: 'PUT', headers: { 'content-type': mediaType }, body: bytes };
    const answer = await this.#ask(`/manifests/${tag}`, question, signal);
    if (answer.status !== 201) throw this.#refused('push to', answer);
    return String(answer.headers['docker-content-digest'] ?? '');
  }

  /** The image's configuration, or another small blob, as JSON. */
  async json(digest: string, signal: AbortSignal): Promise<unknown> {
    let answer = await this.#ask(`/blobs/${digest}`, {}, signal);
    // Where it really is, our authorization must not go.
    if (answer.status >= 301 && answer.status <= 308 && answer.headers.location) {
      answer = await exchange(new URL(answer.headers.location, this.#base).href, {}, signal);
    }
    if (answer.status !== 200) throw this.#refused('read from', answer);
    return JSON.parse(answer.body.toString()) as unknown;
  }

  /** Words for what the engine or the registry says about a push or a pull. */
  refused(doing: 'push to' | 'read from', why: string, cause?: unknown): UserError {
    const { host } = this.repository;
    const unknown = /unauthorized|authentication required|no basic auth|denied|forbidden/i.test(why);
    const missing = /name unknown|repository .*not (found|exist)/i.test(why);
    const who = this.#credentials ? '' : ` Docker's configuration has no credentials for ${host}.`;
    const next = missing
      ? `Make the repository ${this.repository.path} on ${host} first, if ${host} does not make them by itself.`
      : unknown
        ? `${howToLogIn(host)} as somebody who may.`
        : 'Try again; what is there already is not sent twice.';
    const message = `Slipway could not ${doing} ${nameOf(this.repository)}: ${why.replace(/\.?$/, '.')}${unknown ? who : ''}`;
    return new UserError('registry-refused', message, next, { cause, why });
  }

  async #ask(path: string, question: Question, signal: AbortSignal): Promise<Answer> {
    try {
      this.#base ??= await this.#findBase(signal);
      const url = `${this.#base}/v2/${this.repository.path}${path}`;
      const answer = await exchange(url, this.#signed(question), signal);
      if (answer.status !== 401) return answer;
      const asked = String(answer.headers['www-authenticate'] ?? '');
      this.#authorization = await this.#authorize(asked, signal);
      return this.#authorization === undefined ? answer : await exchange(url, this.#signed(question), signal);
    } catch (error) {
      if (isCancellation(error, signal)) signal.throwIfAborted();
      throw error instanceof UserError ? error : this.#unreachable(error);
    }
  }

  #signed(question: Question): Question {
    return { ...question, headers: { ...question.headers, ...signedBy(this.#authorization).headers } };
  }

  /** On this machine a registry may do without TLS, as Docker has it. */
  async #findBase(signal: AbortSignal): Promise<string> {
    const host = apiHostOf(this.repository.host);
    if (!isLoopback(host)) return `https://${host}`;
    try {
      await exchange(`https://${host}/v2/`, {}, signal);
      return `https://${host}`;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (/^(EPROTO|ERR_SSL_|ECONNRESET)/.test(code)) return `http://${host}`;
      throw error;
    }
  }

  /** Source: https://distribution.github.io/distribution/spec/auth/token/ */
  async #authorize(asked: string, signal: AbortSignal): Promise<string | undefined> {
    const credentials = this.#credentials;
    const basic =
      credentials && 'username' in credentials
        ? `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
        : undefined;
    if (!/^bearer /i.test(asked)) return basic;
    const fields = Object.fromEntries(
      [...asked.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
    );
    if (!fields['realm']) return undefined;
    const scope = fields['scope'] ?? `repository:${this.repository.path}:pull,push`;
    const about = { service: fields['service'] ?? '', scope };
    const refreshing = credentials && 'identityToken' in credentials;
    const question = refreshing ? refresh(about, credentials.identityToken) : signedBy(basic);
    const url = question.body
      ? fields['realm']
      : `${fields['realm']}?${new URLSearchParams(about).toString()}`;
    const answer = await exchange(url, question, signal);
    if (answer.status !== 200) throw this.#refused('push to', answer);
    const { token, access_token } = JSON.parse(answer.body.toString()) as {
      token?: string;
      access_token?: string;
    };
    const got = token ?? access_token;
    return got && `Bearer ${got}`;
  }

  #refused(doing: 'push to' | 'read from', { status, body }: Answer): UserError {
    return this.refused(
      doing,
      wordsIn(body) ??
        (status === 401 ? 'unauthorized' : status === 403 ? 'denied' : `it answered ${status}`),
    );
  }

  #unreachable(error: unknown): UserError {
    const { code = '' } = (error ?? {}) as NodeJS.ErrnoException;
    const { host } = this.repository;
    const next = /CERT|SELF_SIGNED|UNABLE_TO|DEPTH_ZERO|ALTNAME/.test(code)
      ? `Put the certificate of its authority at /etc/docker/certs.d/${host}/ca.crt.`
      : 'Check its name and the network.';
    const why =
      code === 'ENOTFOUND'
        ? 'there is no such host'
        : code === 'ECONNREFUSED'
          ? 'nothing listens there'
          : messageOf(error);
    return new UserError(
      'registry-unreachable',
      `The registry ${host} can not be reached: ${why.replace(/\.?$/, '.')}`,
      next,
      { cause: error, why },
    );
  }
}

function signedBy(authorization: string | undefined): Question {
  return authorization === undefined ? {} : { headers: { authorization } };
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

/** What a registry says, in its own words. */
function wordsIn(body: Buffer): string | undefined {
  try {
    const { errors, details } = JSON.parse(body.toString()) as {
      errors?: { message?: string; code?: string }[];
      details?: string;
    };
    return (
      errors
        ?.map(({ message, code }) => message || code)
        .filter(Boolean)
        .join(', ') || details
    );
  } catch {
    return undefined;
  }
}

import { createHash } from 'node:crypto';
import { UserError, isCancellation, messageOf } from '../../errors';
import { credentialsFor, type Credentials } from './credentials';
import { exchange, type Answer, type Question } from './exchange';
import { refusal, unreachable, type Doing } from './refusal';
import { apiHostOf, isLoopback, type Repository } from './repository';
import { askForToken, basic, parseChallenge, tokenIn } from './token';

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

  private constructor(
    private readonly repository: Repository,
    private readonly plain: boolean,
  ) {}

  /**
   * Nothing is asked of the registry yet, only Docker's configuration is read. Throws `UserError` `registry-refused`.
   * @param plain whether it may do without TLS; on this machine's loopback it always may
   */
  static async open(repository: Repository, signal: AbortSignal, plain = false): Promise<Registry> {
    const registry = new Registry(repository, plain || isLoopback(apiHostOf(repository.host)));
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
    const question = { method: 'POST', headers: { 'content-length': '0' } };
    const begun = await this.#ask('push to', '/blobs/uploads/', question, signal);
    if (begun.status !== 202) throw this.#refused('push to', begun);
    const { location } = begun.headers;
    if (!location) return;
    const upload = new URL(location, this.#base);
    // Elsewhere our authorization must not go.
    const sent = upload.origin === this.#base ? this.#signed({ method: 'DELETE' }) : { method: 'DELETE' };
    // Whether it is given up or not does no harm: registries forget uploads that nobody goes on with.
    await exchange(upload.href, sent, signal).catch(() => signal.throwIfAborted());
  }

  /** The manifest of a tag or digest; undefined when there is none. */
  async manifest(reference: string, signal: AbortSignal): Promise<Manifest | undefined> {
    const question = { headers: { accept: manifestTypes.join(', ') } };
    const answer = await this.#ask('read from', `/manifests/${reference}`, question, signal);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.#refused('read from', answer);
    const digest = digestOf(answer.body);
    this.#compare('read from', digest, reference.includes(':') ? reference : saidIn(answer));
    const mediaType = String(answer.headers['content-type']).split(';')[0] ?? '';
    return { mediaType, digest, bytes: answer.body };
  }

  /** Writes a manifest under a tag, or under its digest alone; resolves to its digest. */
  async putManifest(
    reference: string,
    mediaType: string,
    bytes: Buffer,
    signal: AbortSignal,
  ): Promise<string> {
    const question = { method: 'PUT', headers: { 'content-type': mediaType }, body: bytes };
    const answer = await this.#ask('push to', `/manifests/${reference}`, question, signal);
    if (answer.status !== 201) throw this.#refused('push to', answer);
    const digest = digestOf(bytes);
    this.#compare('push to', digest, saidIn(answer));
    return digest;
  }

  /** Words for what the engine or the registry says about a push or a pull. */
  refused(doing: Doing, why: string, cause?: unknown): UserError {
    return refusal(this.repository, doing, this.#credentials !== undefined, why, cause);
  }

  async #ask(doing: Doing, path: string, question: Question, signal: AbortSignal): Promise<Answer> {
    try {
      this.#base ??= await this.#findBase(signal);
      const url = `${this.#base}/v2/${this.repository.path}${path}`;
      const answer = await exchange(url, this.#signed(question), signal);
      if (answer.status !== 401) return answer;
      const asked = String(answer.headers['www-authenticate'] ?? '');
      this.#authorization = await this.#authorize(doing, this.#base, asked, signal);
      return this.#authorization === undefined ? answer : await exchange(url, this.#signed(question), signal);
    } catch (error) {
      if (isCancellation(error, signal)) signal.throwIfAborted();
      throw error instanceof UserError ? error : unreachable(this.repository.host, error, messageOf(error));
    }
  }

  #signed(question: Question): Question {
    if (this.#authorization === undefined) return question;
    return { ...question, headers: { ...question.headers, authorization: this.#authorization } };
  }

  /** TLS comes first also where it may be done without. */
  async #findBase(signal: AbortSignal): Promise<string> {
    const host = apiHostOf(this.repository.host);
    if (!this.plain) return `https://${host}`;
    try {
      await exchange(`https://${host}/v2/`, {}, signal);
      return `https://${host}`;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (/^(EPROTO|ERR_SSL_|ECONNRESET)/.test(code)) return `http://${host}`;
      throw error;
    }
  }

  async #authorize(
    doing: Doing,
    base: string,
    asked: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const challenge = parseChallenge(asked);
    if (!challenge) return basic(this.#credentials);
    const scope = challenge.scope ?? `repository:${this.repository.path}:pull,push`;
    const answer = await askForToken(base, { ...challenge, scope }, this.#credentials, signal);
    if (answer.status !== 200) throw this.#refused(doing, answer);
    const token = tokenIn(answer);
    if (token === undefined) throw this.refused(doing, 'its token service answered without a token');
    return `Bearer ${token}`;
  }

  /** What goes into a release is the digest, so that a wrong one must not pass. */
  #compare(doing: Doing, digest: string, said: string | undefined): void {
    if (said === undefined || said === digest) return;
    throw this.refused(doing, `it speaks of ${said}, but the manifest is ${digest}`);
  }

  #refused(doing: Doing, { status, body }: Answer): UserError {
    const usual = {
      401: 'unauthorized',
      403: 'denied',
      429: 'too many requests',
      507: 'insufficient storage',
    };
    return this.refused(
      doing,
      wordsIn(body) || (usual[status as keyof typeof usual] ?? `it answered ${status}`),
    );
  }
}

/** `sha256:…` of a manifest. */
export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The digest that an answer names; undefined when it names none that we know how to make. */
function saidIn({ headers }: Answer): string | undefined {
  const said = headers['docker-content-digest'];
  return typeof said === 'string' && said.startsWith('sha256:') ? said : undefined;
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

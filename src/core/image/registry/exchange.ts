import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { request as plainRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as secureRequest } from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Question {
  method?: string;
  headers?: Record<string, string>;
  body?: Buffer | string;
}

const PATIENCE = 30_000;
/** No manifest or token comes near, in bytes. */
const LONGEST = 8 * 1024 * 1024;

/** One request over HTTP or HTTPS, with the certificates that Docker uses for this host. Rejects with Node's own errors. */
export function exchange(url: string, question: Question, signal: AbortSignal): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = question;
  const address = new URL(url);
  const secure = address.protocol === 'https:';
  const options = {
    method,
    headers,
    signal,
    timeout: PATIENCE,
    ...(secure && certificatesFor(address.host)),
  };
  return new Promise((resolve, reject) => {
    const sent = (secure ? secureRequest : plainRequest)(address, options, (answer) => {
      read(answer).then(
        (read) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: read }),
        reject,
      );
    });
    sent.once('timeout', () =>
      sent.destroy(Object.assign(new Error('It did not answer in time.'), { code: 'ETIMEDOUT' })),
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

async function read(answer: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer) {
    length += (piece as Buffer).length;
    if (length > LONGEST) throw new Error(`The answer is longer than ${LONGEST} bytes.`);
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces);
}

/**
 * What Docker trusts for a host, and shows to it.
 * @see https://docs.docker.com/engine/security/certificates/
 */
function certificatesFor(host: string): { ca?: string[]; cert?: Buffer; key?: Buffer } {
  const folders = [join('/etc/docker/certs.d', host), join(homedir(), '.docker/certs.d', host)];
  const folder = folders.find((each) => existsSync(each));
  if (folder === undefined) return {};
  const files = readdirSync(folder);
  const authorities = files
    .filter((name) => name.endsWith('.crt'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  const cert = files.find((name) => name.endsWith('.cert'));
  const key = cert?.replace(/\.cert$/, '.key');
  return {
    ...(authorities.length > 0 && { ca: [...rootCertificates, ...extraAuthorities(), ...authorities] }),
    ...(cert &&
      key &&
      files.includes(key) && {
        cert: readFileSync(join(folder, cert)),
        key: readFileSync(join(folder, key)),
      }),
  };
}

/** Node trusts them by itself only where it is told of no others. */
function extraAuthorities(): string[] {
  const file = process.env['NODE_EXTRA_CA_CERTS'];
  return file && existsSync(file) ? [readFileSync(file, 'utf8')] : [];
}

import { X509Certificate } from 'node:crypto';
import { UserError, messageOf, type ErrorCode } from '../errors';

const DAY_MS = 86_400_000;
/** How soon the end of a certificate is worth a warning, in days. */
const SOON_DAYS = 14;

/** Whose certificate it is, and what to say where it is of no use. */
export interface Holder {
  /** As it follows "the client certificate of": `the context prod`. */
  words: string;
  code: ErrorCode;
  next: string;
}

/**
 * Until when a client certificate holds; undefined where there is none. One that ends soon is added to `warnings`.
 * @param read resolves it, as PEM
 * @throws UserError where it can not be read, or holds no more
 */
export function certificateEnd(
  read: () => Buffer | string | undefined,
  { words, code, next }: Holder,
  warnings: string[],
): Date | undefined {
  const refused = (what: string, cause?: unknown) =>
    new UserError(code, `The client certificate of ${words} ${what}.`, next, { cause });
  let ends: Date;
  try {
    const pem = read();
    if (!pem) return undefined;
    ends = new Date(new X509Certificate(pem).validTo);
  } catch (error) {
    throw refused(`can not be read: ${messageOf(error)}`, error);
  }
  const days = (ends.getTime() - Date.now()) / DAY_MS;
  const day = ends.toISOString().slice(0, 10);
  if (days < 0) throw refused(`expired on ${day}`);
  if (days < SOON_DAYS) warnings.push(`The client certificate expires on ${day}.`);
  return ends;
}

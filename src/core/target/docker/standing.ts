import type { Certificates } from '../../docker/engineLocation';
import { certificateEnd } from '../clientCertificate';
import type { Standing } from '../target';

/**
 * Until when we are known to the engine of a target.
 * @param shown what is shown to it; undefined where it does not speak TLS
 * @throws UserError `engine-refused` when our certificate can not be read, or holds no more
 */
export function standingOf(target: string, shown: Certificates | undefined): Standing {
  const holder = {
    words: `the target ${target}`,
    code: 'engine-refused',
    next: `Get a new one, and put it where "tls" of ${target}, its context or DOCKER_CERT_PATH has it.`,
  } as const;
  const warnings: string[] = [];
  const expires = certificateEnd(() => shown?.cert, holder, warnings);
  return { warnings, ...(expires && { expires }) };
}

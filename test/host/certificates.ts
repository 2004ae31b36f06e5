import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command';

/** Makes an authority in a folder (`ca.crt`), and answers what makes `NAME.crt` and `NAME.key` there, by it, for names such as `DNS:localhost`. */
export async function makeAuthority(folder: string): Promise<(name: string, names: string) => Promise<void>> {
  const openssl = (...words: string[]) => run('openssl', words, { cwd: folder });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const own = ['-days', '2', '-subj', '/CN=Test authority', '-keyout', 'ca.key', '-out', 'ca.crt'];
  await openssl('req', '-x509', ...key, ...own);
  return async (name, names) => {
    await openssl('req', ...key, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    await writeFile(join(folder, `${name}.cnf`), `subjectAltName=${names}`);
    const by = [
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      `${name}.cnf`,
    ];
    await openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-out', `${name}.crt`);
  };
}

/** A certificate of 127.0.0.1 that is its own authority, and holds for so many days. */
export async function selfSigned(folder: string, days: number): Promise<{ cert: string; key: string }> {
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', 'key.pem', '-out', 'cert.pem'];
  await run('openssl', ['req', '-x509', ...key, '-days', String(days), ...subject, ...files], {
    cwd: folder,
  });
  const read = (name: string) => readFile(join(folder, name), 'utf8');
  return { cert: await read('cert.pem'), key: await read('key.pem') };
}

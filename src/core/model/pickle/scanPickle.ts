import { open, stat, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { readModel } from '../inspectModel';
import type { ByteSource } from './byteInput';
import { compressionOf, fileSource, unpackedSource } from './compression';
import { classOf, estimatorFacts } from './estimatorFacts';
import { Limits } from './limits';
import { fullName, type PickleCompression, type PickleImport, type PickleScan } from './pickleScan';
import { NoUnpacker, pythonSource } from './pythonUnpacker';
import { Report } from './report';
import { scanBytes, scanZip, type Found } from './formats';

const scans = new Map<string, { stamp: string; scan: PickleScan }>();

/**
 * What a pickle would import and call if it were loaded, and what it says about the model in it. Nothing of it is loaded. Remembered
 * until the file changes its time or size. What only Python can unpack, the interpreter `python` unpacks.
 * @throws UserError `model-missing` when there is no such file, `model-broken` when it holds no pickle
 */
export async function scanPickle(
  path: string,
  signal?: AbortSignal,
  python = 'python3',
): Promise<PickleScan> {
  const key = `${path}\n${python}`;
  const stamp = await stat(path).then(
    ({ mtimeMs, ctimeMs, size, ino }) => [mtimeMs, ctimeMs, size, ino].join(),
    () => undefined,
  );
  const known = scans.get(key);
  if (known && known.stamp === stamp) return known.scan;
  const scan = await readAndScan(path, python, signal);
  if (stamp !== undefined) scans.set(key, { stamp, scan });
  return scan;
}

function readAndScan(path: string, python: string, signal?: AbortSignal): Promise<PickleScan> {
  return readModel(
    path,
    async (window) => {
      const file = await open(path);
      try {
        return await scanFile(file, window.size, path, python, new Limits(signal));
      } finally {
        await file.close();
      }
    },
    signal,
  );
}

async function scanFile(
  file: FileHandle,
  size: number,
  path: string,
  python: string,
  limits: Limits,
): Promise<PickleScan> {
  const name = basename(path);
  const head = Buffer.alloc(10);
  await file.read(head, 0, head.length, 0);
  if (head.toString('latin1', 0, 4) === 'PK\x03\x04') return result(await scanZip(file, size, name, limits));

  const compression = compressionOf(head);
  const plain = (): ByteSource => fileSource(file, 0, size);
  if (!compression) return result(await scanBytes(plain, name, limits));
  if (compression === 'gzip' || compression === 'zlib') {
    const unpacked = (): ByteSource => unpackedSource(file, compression, 0, size);
    return result(await scanBytes(unpacked, name, limits), compression);
  }
  if (compression !== 'lz4') {
    const unpacked = (): ByteSource => pythonSource(python, compression, path, limits.signal);
    try {
      return result(await scanBytes(unpacked, name, limits), compression);
    } catch (error) {
      if (!(error instanceof NoUnpacker)) throw error;
    }
  }
  return result(unread(compression), compression);
}

/** What is said of a file that can not be unpacked here. */
function unread(compression: PickleCompression): Found {
  const report = new Report();
  report.complete = false;
  const message = `It is compressed with ${compression}, which can not be looked into. Save it with zlib or without compression to have it looked into.`;
  report.find('warning', 'compression', message);
  return { format: 'pickle', report };
}

function result({ format, report, root }: Found, compression?: PickleCompression): PickleScan {
  const imports = [...report.imports.values()];
  noteKnownImports(report, imports);
  const custom = imports.filter(({ own, module }) => own && module !== '?');
  const customNames = custom.map(({ module, name }) => fullName(module, name));
  const byValue = classOf(root);
  const isOwn = byValue?.module === '__main__' ? [`${byValue.module}.${byValue.name}`] : [];
  return {
    format,
    ...(compression && { compression }),
    protocol: report.protocol,
    complete: report.complete,
    imports,
    findings: report.findings,
    versions: report.versions,
    customClasses: [...new Set([...customNames, ...isOwn])],
    root: classOf(root),
    estimator: estimatorFacts(root),
    arrays: report.arrays,
  };
}

/** Says what would be imported, where all of it is known. That is no promise. */
function noteKnownImports(report: Report, imports: PickleImport[]): void {
  if (!report.complete || report.findings.some(({ level }) => level !== 'info')) return;
  const packages = [...new Set(imports.map(({ module }) => module.split('.')[0] ?? module))].sort();
  const from = packages.length > 0 ? `names of ${packages.join(', ')}` : 'nothing';
  report.find('info', 'known-imports', `It would import ${from}. Nothing known to be dangerous was seen.`);
}

import { execFile } from 'node:child_process';
import { parse } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../errors';
import type { PickleFinding, PickleScan } from './pickle/pickleScan';

const run = promisify(execFile);
/** Longer than that an interpreter is not waited for, in milliseconds. */
const patience = 10_000;

/** Names of packages by the libraries that write their versions into pickles, and how many parts of them have to be the same. */
const packages = {
  sklearn: { name: 'scikit-learn', parts: 2 },
  xgboost: { name: 'xgboost', parts: 1 },
  lightgbm: { name: 'lightgbm', parts: 0 },
} as const;

const script = `
import importlib.metadata, json, sys
versions = {}
for name in sys.argv[1:]:
    try:
        versions[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(versions))
`;

/**
 * Where an interpreter has other versions of libraries than those that wrote a pickle, or has them not. It is asked for its packages;
 * nothing of the pickle is loaded.
 */
export async function interpreterFindings(
  { versions }: Pick<PickleScan, 'versions'>,
  python: string,
  signal?: AbortSignal,
): Promise<PickleFinding[]> {
  const written = Object.entries(versions) as [keyof typeof packages, string][];
  if (written.length === 0) return [];
  const warning = (message: string): PickleFinding => ({ level: 'warning', code: 'other-version', message });
  let there: Record<string, string>;
  try {
    const names = written.map(([library]) => packages[library].name);
    // Not where the model is: Python would take modules from there.
    const { stdout } = await run(python, ['-c', script, ...names], {
      signal,
      timeout: patience,
      cwd: parse(process.execPath).root,
    });
    there = JSON.parse(stdout) as Record<string, string>;
  } catch (error) {
    signal?.throwIfAborted();
    return [warning(`${python} can not be asked for its packages: ${messageOf(error).split('\n')[0]}`)];
  }
  return written.flatMap(([library, version]) => {
    const { name, parts } = packages[library];
    const own = there[name];
    if (own === undefined) return [warning(`It needs ${name}, which ${python} does not have.`)];
    const first = (text: string) => text.split('.').slice(0, parts).join('.');
    if (first(own) === first(version)) return [];
    return [warning(`It was written by ${name} ${version}, and ${python} has ${own}.`)];
  });
}

import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isKnownModule } from './pickle/knownPackages';
import { fullName, type PickleFinding, type PickleImport, type PickleScan } from './pickle/pickleScan';
import { needed, worstFirst } from './pickle/report';
import { quoted } from './pickle/verdict';

/** The ends of files that Python loads as a module. */
const modules = /\.(py|pyc|so|pyd)$/;

/** A scan with what is to be said of the modules of a pickle by the files in its folder, which comes last among the places of modules. */
export async function heldAgainst(folder: string, scan: PickleScan): Promise<PickleScan> {
  const wanted = scan.imports.map(({ module }) => topOf(module));
  const beside = await modulesIn(folder, new Set(wanted));
  const findings = scan.findings.filter(({ code }) => code !== 'missing-module');
  for (const entry of scan.imports) {
    const found = findingOf(entry, beside);
    if (found && !findings.some(({ message }) => message === found.message)) findings.push(found);
  }
  const isClear = findings.every(({ level }) => level === 'info');
  const said = findings.filter(({ code }) => isClear || code !== 'known-imports');
  return { ...scan, findings: said.sort(worstFirst) };
}

function findingOf(entry: PickleImport, beside: Map<string, string>): PickleFinding | undefined {
  const { module, name, own, offset, member } = entry;
  const top = topOf(module);
  const file = beside.get(top);
  const finding = (code: PickleFinding['code'], message: string): PickleFinding => ({
    ...{ level: 'warning', code, message, offset },
    ...(member !== undefined && { member }),
  });
  const full = quoted(fullName(module, name));
  if (!own) {
    if (file === undefined || !isKnownModule(top)) return undefined;
    const message = `${quoted(file)} beside it has the name of the module ${quoted(top)}: it is loaded in its place wherever that is not installed.`;
    return finding('shadowed-module', message);
  }
  if (module === '__main__') return finding('missing-module', needed(module, name));
  if (file !== undefined) {
    const message = `It needs ${full}, which is in ${quoted(file)} beside it: that is run and can not be judged.`;
    return finding('own-module', message);
  }
  const message = `It needs ${full}, and there is no module ${quoted(top)} beside it: it is missing unless Python has that, and can not be judged.`;
  return finding('missing-module', message);
}

/** Which of the modules `wanted` Python would find in a folder, with the file or folder that each is. */
async function modulesIn(folder: string, wanted: Set<string>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await entriesOf(folder)) {
    const name = entry.name.split('.')[0] ?? '';
    if (!wanted.has(name)) continue;
    if (!entry.isDirectory() && modules.test(entry.name)) found.set(name, entry.name);
    const inside = entry.isDirectory() ? await entriesOf(join(folder, entry.name)) : [];
    if (inside.some((each) => modules.test(each.name))) found.set(name, `${entry.name}/`);
  }
  return found;
}

function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}

function topOf(module: string): string {
  return module.split('.')[0] ?? module;
}

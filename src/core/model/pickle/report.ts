import { isKnownModule } from './knownPackages';
import { most } from './limits';
import {
  fullName,
  type PickleArray,
  type PickleFinding,
  type PickleFindingCode,
  type PickleImport,
  type PickleScan,
} from './pickleScan';
import { nameFound } from './python2Names';
import { LimitReached } from './scanErrors';
import { dangerOf, isPlainName, quoted, verdictOf } from './verdict';
import { carriesCode } from './carriesCode';

const levels = ['danger', 'warning', 'info'];

/** The order of findings in a list. */
export function worstFirst(one: PickleFinding, other: PickleFinding): number {
  return levels.indexOf(one.level) - levels.indexOf(other.level);
}

/** Gathers what is found in one file. */
export class Report {
  readonly imports = new Map<string, PickleImport>();
  readonly arrays: PickleArray[] = [];
  readonly versions: PickleScan['versions'] = {};
  readonly #findings = new Map<string, PickleFinding>();
  protocol = 0;
  complete = true;
  /** Set where arrays of joblib stand in the stream. */
  hasJoblibArrays = false;
  /** The module that the wrappers of these arrays are named in. */
  wrapperModule?: string;

  constructor(readonly member?: string) {}

  find(level: PickleFinding['level'], code: PickleFindingCode, message: string, offset?: number): void {
    this.#add({ level, code, message, offset, ...(this.member !== undefined && { member: this.member }) });
  }

  #add(finding: PickleFinding): void {
    const key = JSON.stringify([finding.code, finding.message, finding.member]);
    if (this.#findings.has(key)) return;
    if (this.#findings.size >= most.findings && finding.level !== 'danger') return;
    this.#findings.set(key, finding);
  }

  /** Notes that `name` of `module` is imported, and judges it the first time. */
  import(module: string, name: string, offset: number, protocol = 0): PickleImport {
    const key = JSON.stringify([module, name, ...nameFound(module, name, protocol)]);
    const known = this.imports.get(key);
    if (known) return known;
    if (this.imports.size >= most.imports)
      throw new LimitReached(`it imports more than ${most.imports} names`);
    const verdict = verdictOf(module, name, protocol);
    const entry: PickleImport = { module, name, offset, called: false, verdict };
    if (verdict === 'unknown' && !isKnownModule(module, protocol)) entry.own = true;
    if (this.member !== undefined) entry.member = this.member;
    this.imports.set(key, entry);
    this.#judge(entry);
    return entry;
  }

  /** Counts an import as dangerous for how it is used. */
  condemn(entry: PickleImport, danger: string): void {
    entry.verdict = 'dangerous';
    const full = quoted(fullName(entry.module, entry.name));
    this.find('danger', 'dangerous-import', `It imports ${full}, which can ${danger}.`, entry.offset);
  }

  #judge({ module, name, offset, verdict, own }: PickleImport): void {
    const full = quoted(fullName(module, name));
    if (!isPlainName(module) || !(isPlainName(name) || name === ''))
      this.find('danger', 'odd-name', `It imports ${full}, a name that no code has.`, offset);
    if (verdict === 'dangerous') {
      this.find(
        'danger',
        'dangerous-import',
        `It imports ${full}, which can ${dangerOf(module, name)}.`,
        offset,
      );
    } else if (verdict === 'unknown' && carriesCode(module, name)) {
      const message = `It carries code of its own (${full}), which can not be judged.`;
      this.find('warning', 'carries-code', message, offset);
    } else if (own) {
      this.find('warning', 'missing-module', needed(module, name), offset);
    } else if (verdict === 'unknown') {
      this.find('warning', 'unknown-import', `It imports ${full}, which can not be judged.`, offset);
    }
  }

  addArray(array: PickleArray): void {
    if (this.arrays.length < most.arrays) this.arrays.push(array);
  }

  addVersion(library: keyof PickleScan['versions'], version: string): void {
    const known = (this.versions[library] ??= version);
    if (known === version) return;
    const message = `Parts of it were written by ${library} ${quoted(known)}, others by ${quoted(version)}.`;
    this.find('warning', 'mixed-versions', message);
  }

  /** Takes over what another report has; `shift` is where its stream begins. */
  merge(other: Report, shift = 0): void {
    for (const [key, entry] of other.imports) {
      const known = this.imports.get(key);
      if (known) takeOver(known, entry);
      else this.imports.set(key, { ...entry, offset: entry.offset + shift });
    }
    for (const finding of other.#findings.values()) {
      this.#add(finding.offset === undefined ? finding : { ...finding, offset: finding.offset + shift });
    }
    for (const array of other.arrays) this.addArray(array);
    for (const [library, version] of Object.entries(other.versions))
      this.addVersion(library as keyof PickleScan['versions'], version);
    this.protocol = Math.max(this.protocol, other.protocol);
    this.complete &&= other.complete;
    this.hasJoblibArrays ||= other.hasJoblibArrays;
  }

  /**
   * Takes over the dangers of a report that read the raw bytes of arrays as opcodes. Those of real arrays are none:
   * that they can not be followed means nothing.
   */
  mergeDangers(other: Report): void {
    for (const finding of other.#findings.values()) {
      if (finding.level === 'danger' && finding.code !== 'broken') this.#add(finding);
      if (finding.code === 'limit') this.complete = false;
    }
    for (const [key, entry] of other.imports) {
      if (entry.verdict !== 'dangerous') continue;
      const known = this.imports.get(key);
      if (known) takeOver(known, entry);
      else this.imports.set(key, entry);
    }
  }

  get findings(): PickleFinding[] {
    return [...this.#findings.values()].sort(worstFirst);
  }
}

function takeOver(known: PickleImport, { called, verdict }: PickleImport): void {
  known.called ||= called;
  if (verdict === 'dangerous') known.verdict = verdict;
}

/** What is said of a class or function of a module that no package is known for. */
export function needed(module: string, name: string): string {
  const full = quoted(fullName(module, name));
  if (module === '__main__')
    return `It needs ${full}, which was in the script that wrote it: that is missing wherever it is loaded.`;
  return `It needs ${full}, which is missing unless its module is there, and can not be judged.`;
}

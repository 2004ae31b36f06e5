import type { PickleArray, PickleImport, PickleScan } from '../../core/model/pickle/pickleScan';
import type { DetailNode, Node } from './nodes';

/** Arrays that are shown of each model. */
const mostArrays = 5;

export type Fact = [label: string, value: string | number | undefined];

/** What a pickle says about the model in it. */
export function pickleFacts(scan: PickleScan, bytes: string): Fact[] {
  const { root, estimator, versions, protocol, compression, format } = scan;
  const written = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const steps = estimator.steps?.map(({ name, step }) => name ?? step);
  return [
    ['Class', root && `${root.module}.${root.name}`],
    ['Steps', steps?.join(' → ')],
    ['Features', estimator.featureNames?.join(', ') ?? estimator.featureCount],
    ['Classes', estimator.classes?.join(', ')],
    ['Written by', written.join(', ')],
    ['About', [bytes, `${format} ${compression ?? ''}`.trim(), `protocol ${protocol}`].join(' · ')],
  ];
}

/** What pickles import, by module, and the largest arrays in them; each only where there are some. */
export function contentNodes(scans: PickleScan[]): Node[] {
  const imports = importNodes(scans.flatMap((scan) => scan.imports));
  const arrays = arrayNodes(scans.flatMap((scan) => scan.arrays));
  return [...folded('Imports', 'references', imports), ...folded('Largest arrays', 'symbol-array', arrays)];
}

function folded(title: string, icon: string, children: Node[]): Node[] {
  return children.length > 0 ? [{ kind: 'group', title, icon, children, folded: true }] : [];
}

function importNodes(imports: PickleImport[]): DetailNode[] {
  const byModule = new Map<string, PickleImport[]>();
  for (const entry of imports) byModule.set(entry.module, [...(byModule.get(entry.module) ?? []), entry]);
  return [...byModule].map(([module, entries]) => {
    const verdicts = new Set(entries.map(({ verdict }) => verdict));
    return {
      kind: 'detail',
      label: shown(module),
      description: [...new Set(entries.map(({ name }) => shown(name)))].filter(Boolean).join(', '),
      icon: verdicts.has('unknown') ? 'question' : 'symbol-namespace',
      wrong: verdicts.has('dangerous'),
    };
  });
}

function arrayNodes(arrays: PickleArray[]): DetailNode[] {
  const countOf = ({ shape }: PickleArray) => shape.reduce((product, size) => product * size, 1);
  const largest = [...arrays].sort((one, other) => countOf(other) - countOf(one)).slice(0, mostArrays);
  return largest.map(({ dtype, shape }) => ({
    kind: 'detail',
    label: shape.length > 0 ? shape.join(' × ') : 'one value',
    description: dtype,
    icon: 'symbol-array',
  }));
}

/** A name of the file, which can be anything, without what would look like something else. */
function shown(name: string): string {
  return name.slice(0, 200).replace(/[^\x20-\x7e]/g, '\ufffd');
}

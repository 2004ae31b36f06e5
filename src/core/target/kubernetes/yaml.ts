import { loadClient } from './client';
import type { KubeObject } from './objects';

/** Lines around a change that are shown with it. */
const CONTEXT = 2;
/** What the cluster keeps in each object for itself. */
const kept = ['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', 'selfLink'];
const keptNotes = ['deployment.kubernetes.io/revision', 'kubectl.kubernetes.io/last-applied-configuration'];

/** An object as people write it: without what the cluster adds about its state. */
export function yamlOf(object: KubeObject): string {
  const { metadata, ...rest } = object as KubeObject & { status?: unknown };
  delete rest.status;
  const annotations = without(metadata.annotations ?? {}, keptNotes);
  const shown = {
    ...without(metadata, [...kept, 'annotations']),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
  const { apiVersion, kind, ...content } = rest;
  return loadClient().dumpYaml(
    { apiVersion, kind, metadata: shown, ...content },
    { lineWidth: -1, noRefs: true },
  );
}

/** What is different between two texts, as lines that begin with `+`, `-` or a blank; empty where nothing is. */
export function lineDiff(before: string, after: string): string {
  const [a, b] = [linesOf(before), linesOf(after)];
  const common = commonLengths(a, b);
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(`  ${a[i] as string}`);
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && at(common, i + 1, j) >= at(common, i, j + 1))) {
      lines.push(`- ${a[i++] as string}`);
    } else {
      lines.push(`+ ${b[j++] as string}`);
    }
  }
  return nearChanges(lines).join('\n');
}

/** Lengths of the longest common parts of what follows at each pair of places. */
function commonLengths(a: string[], b: string[]): number[][] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const length =
        a[i] === b[j]
          ? at(lengths, i + 1, j + 1) + 1
          : Math.max(at(lengths, i + 1, j), at(lengths, i, j + 1));
      (lengths[i] as number[])[j] = length;
    }
  }
  return lengths;
}

function at(lengths: number[][], i: number, j: number): number {
  return lengths[i]?.[j] ?? 0;
}

function nearChanges(lines: string[]): string[] {
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((line) => !line.startsWith(' ')),
  );
  return lines.flatMap((line, index) => {
    if (near[index]) return [line];
    return near[index - 1] && near.indexOf(true, index) !== -1 ? ['  …'] : [];
  });
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function without<T extends object>(object: T, names: string[]): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name))) as Partial<T>;
}

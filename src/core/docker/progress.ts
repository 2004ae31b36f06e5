import { addAbortSignal, type Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { TaskContext } from '../task';
import { linesOf } from './lines';

/** A line of the engine's progress with a pull, a push or a build. */
interface ProgressLine {
  id?: string;
  status?: string;
  progressDetail?: { current?: number; total?: number };
  /** What a step of a build writes. */
  stream?: string;
  error?: string;
  errorDetail?: { message?: string };
  aux?: { ID?: string; Digest?: string };
}

interface Layer {
  current: number;
  total: number;
}

/** With this, a step of a build of ours says in words why it fails. */
const ownWords = 'slipway: ';

/**
 * Follows a pull, push or build to its end and reports it in words: `12 of 40 MB`. The engine answers 200 before it knows
 * how it ends: a failure comes as a line of the stream, and is thrown as an `Error` with the engine's words.
 * `output` is told what the steps of a build write.
 * Resolves to the digest of what was pushed, or the id of what was built. On cancel the stream is destroyed, which makes the engine stop.
 */
export async function followProgress(
  stream: NodeJS.ReadableStream,
  task: TaskContext,
  output: (line: string) => void = () => undefined,
): Promise<{ digest?: string }> {
  let own: string | undefined;
  const layers = new Map<string, Layer>();
  let digest: string | undefined;
  let reported = '';
  try {
    for await (const text of linesOf(addAbortSignal(task.signal, stream as Readable))) {
      if (text.trim() === '') continue;
      const line = JSON.parse(text) as ProgressLine;
      const failure = line.errorDetail?.message ?? line.error;
      if (failure !== undefined) throw new Error(own ?? failure);
      // What is written as an error comes in colour.
      const written = stripVTControlCharacters(line.stream ?? '').trim();
      if (written.startsWith(ownWords)) own = written.slice(ownWords.length);
      else if (/^[\w ].*\w/.test(written) && !/^Step \d/.test(written)) output(written.slice(0, 120));
      digest = line.aux?.Digest ?? line.aux?.ID ?? digest;
      const words = count(layers, line) ? amount([...layers.values()]) : reported;
      if (words !== reported) task.report((reported = words));
    }
  } catch (error) {
    task.signal.throwIfAborted();
    throw error;
  }
  task.signal.throwIfAborted();
  return { digest };
}

/** Takes a line into account. Answers whether it changes the amount. */
function count(layers: Map<string, Layer>, { id, status = '', progressDetail }: ProgressLine): boolean {
  const { current, total } = progressDetail ?? {};
  const layer = id === undefined ? undefined : layers.get(id);
  // What is extracted after the download would be counted twice.
  if (id !== undefined && /^(Downloading|Pushing)$/.test(status) && current !== undefined && total) {
    layers.set(id, { current, total });
    return true;
  }
  if (!layer || !/^(Download complete|Pull complete|Pushed)$/.test(status)) return false;
  layer.current = layer.total;
  return true;
}

/** How far it is, in words: `12 of 40 MB`. */
export function amount(parts: Layer[]): string {
  const megabytes = (of: keyof Layer) => parts.reduce((sum, part) => sum + part[of], 0) / 1e6;
  return `${Math.floor(megabytes('current'))} of ${Math.ceil(megabytes('total'))} MB`;
}

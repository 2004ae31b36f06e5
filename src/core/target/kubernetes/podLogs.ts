import { setTimeout as sleep } from 'node:timers/promises';
import { StringDecoder } from 'node:string_decoder';
import { ChildController } from '../../childController';
import { messageOf } from '../../errors';
import { linesOf } from '../../docker/lines';
import { apiStatusOf } from './clusterErrors';
import { groupPath, type NamespaceApi } from './namespaceApi';
import { kinds, type Pod } from './objects';
import { runs, serverNameOf, serverOf } from './podWords';

/** How often it is looked for pods that came since, in milliseconds. */
const LOOK_MS = 2_000;
const TAIL_LINES = 2000;
const LAST_LINES = 8;
const OTHER_MACHINE =
  'Its image is made for other machines than its node: "platform" of the target says for which.';

/**
 * What all pods with these labels have written and, until `signal` aborts, what they write; each line begins with its pod's name
 * where there are several. A connection that ends is made again. An abort is no error: the text just ends.
 */
export async function* followPods(
  api: NamespaceApi,
  labels: Record<string, string>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const queue = new LineQueue(signal);
  const following = new Map<string, string | undefined>();
  const end = new ChildController(signal);
  const inner = end.signal;

  const follow = async (pod: Pod, since: string | undefined) => {
    const { name } = pod.metadata;
    let last = since;
    try {
      for await (const line of linesOf(logOf(api, pod, { sinceTime: last }, inner))) {
        const { time, text } = parted(line);
        if (last !== undefined && time !== undefined && time <= last) continue;
        last = time ?? last;
        queue.push(following.size > 1 ? `${name} ${text}\n` : `${text}\n`);
      }
    } catch {
      // The pod is gone, or its node is away: the next look tells.
    }
    following.set(name, last ?? '');
    active.delete(name);
  };
  const active = new Set<string>();
  const look = async () => {
    while (!inner.aborted) {
      const pods = await api.list<Pod>(kinds.pod, labels, inner);
      for (const pod of pods.filter(runs)) {
        const { name } = pod.metadata;
        if (active.has(name)) continue;
        active.add(name);
        const since = following.get(name);
        following.set(name, since);
        void follow(pod, since || undefined);
      }
      await sleep(LOOK_MS, undefined, { signal: inner });
    }
  };
  const looking = look().catch((error: unknown) => queue.fail(error));
  try {
    yield* await firstWords(api, labels, inner);
    yield* queue.lines();
  } finally {
    end.abort();
    await looking;
  }
}

/** The last lines of the pods that do not run any more, which nothing follows. */
async function firstWords(
  api: NamespaceApi,
  labels: Record<string, string>,
  signal: AbortSignal,
): Promise<string[]> {
  try {
    const ended = (await api.list<Pod>(kinds.pod, labels, signal)).filter((pod) => !runs(pod));
    const words = await Promise.all(ended.map((pod) => lastWordsOf(api, pod, signal)));
    return words.flat().map((line) => `${line}\n`);
  } catch (error) {
    if (signal.aborted) return [];
    throw error;
  }
}

/** The last lines that a pod's server wrote before it ended; none where they are lost. */
export async function lastWordsOf(api: NamespaceApi, pod: Pod, signal: AbortSignal): Promise<string[]> {
  const container = serverOf(pod);
  const previous =
    container?.state?.terminated === undefined && container?.lastState?.terminated !== undefined;
  const lines: string[] = [];
  try {
    const query = {
      ...containerQuery(pod),
      tailLines: String(LAST_LINES),
      ...(previous && { previous: 'true' }),
    };
    for await (const line of linesOf(api.connection.stream(logPath(api, pod), { query, signal })))
      lines.push(line);
  } catch (error) {
    // A container that never ran has no log.
    if (apiStatusOf(error) === undefined) throw error;
  }
  const said = lines.filter(Boolean);
  return said.some((line) => /exec format error/i.test(line)) ? [...said, OTHER_MACHINE] : said;
}

async function* logOf(
  api: NamespaceApi,
  pod: Pod,
  { sinceTime }: { sinceTime: string | undefined },
  signal: AbortSignal,
): AsyncGenerator<string> {
  const query = {
    ...containerQuery(pod),
    follow: 'true',
    timestamps: 'true',
    ...(sinceTime === undefined ? { tailLines: String(TAIL_LINES) } : { sinceTime }),
  };
  const decoder = new StringDecoder();
  for await (const piece of api.connection.stream(logPath(api, pod), { query, signal }))
    yield decoder.write(piece);
}

function logPath(api: NamespaceApi, { metadata }: Pod): string {
  return `${groupPath('v1')}/namespaces/${api.namespace}/pods/${metadata.name}/log`;
}

/** The cluster does not guess which of several containers is meant. */
function containerQuery(pod: Pod): { container?: string } {
  const container = serverNameOf(pod);
  return container === undefined ? {} : { container };
}

/** `2026-01-02T03:04:05.678Z the line` */
function parted(line: string): { time?: string; text: string } {
  const found = /^(\d{4}-\d\d-\d\dT\S+Z) (.*)$/s.exec(line);
  return found ? { time: found[1], text: found[2] as string } : { text: line };
}

/** Lines that several writers leave for one reader, until a signal aborts. */
class LineQueue {
  #lines: string[] = [];
  #error: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(private readonly signal: AbortSignal) {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  push(line: string): void {
    this.#lines.push(line);
    this.#wake();
  }

  fail(error: unknown): void {
    this.#error ??= error instanceof Error ? error : new Error(messageOf(error));
    this.#wake();
  }

  async *lines(): AsyncGenerator<string> {
    for (;;) {
      if (this.#lines.length > 0) yield this.#lines.splice(0).join('');
      else if (this.signal.aborted) return;
      else if (this.#error !== undefined) throw this.#error;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

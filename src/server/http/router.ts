import { Failure } from '../failure';
import type { Exchange } from './exchange';

/** What a request is counted as. */
export type Route = 'infer' | 'predict' | 'invocations' | 'health' | 'metadata' | 'metrics' | 'other';

export type Handler = (exchange: Exchange, params: Record<string, string>) => void | Promise<void>;

interface Entry {
  method: 'GET' | 'POST';
  segments: string[];
  route: Route;
  handler: Handler;
}

interface Match {
  route: Route;
  handler: Handler;
  params: Record<string, string>;
}

/** Found matches are kept, so that the same address is taken apart once; this many for each method, as addresses come from outside. */
const maxRemembered = 64;

/**
 * Finds the handler for a method and a path. In a pattern, `:name` stands for one segment, `:name:verb` for one with that end.
 * A pattern without them comes before those with them, and of two such the one that was added first.
 */
export class Router {
  readonly #entries: Entry[] = [];
  /** By method and URL. */
  readonly #remembered = new Map<string, Map<string, Match>>();

  get(pattern: string, route: Route, handler: Handler): void {
    this.#entries.push({ method: 'GET', segments: pattern.split('/'), route, handler });
  }

  post(pattern: string, route: Route, handler: Handler): void {
    this.#entries.push({ method: 'POST', segments: pattern.split('/'), route, handler });
  }

  /** Throws `Failure` 404 or 405. HEAD is answered as GET; Node leaves the body out. */
  match(method: string, url: string): Match {
    const remembered = this.#remembered.get(method);
    const known = remembered?.get(url);
    if (known) return known;
    const match = this.#find(method === 'HEAD' ? 'GET' : method, url);
    if (!remembered) this.#remembered.set(method, new Map([[url, match]]));
    else if (remembered.size < maxRemembered) remembered.set(url, match);
    return match;
  }

  /** What a request that nobody answers is counted as. */
  routeOf(method: string, url: string): Route {
    try {
      return this.match(method, url).route;
    } catch {
      return 'other';
    }
  }

  #find(method: string, url: string): Match {
    const path = pathOf(url);
    const segments = path.split('/');
    const matches = this.#entries.flatMap((entry) => {
      const params = matchSegments(entry.segments, segments);
      return params ? [{ ...entry, params }] : [];
    });
    // A verb is no part of a name: what the name alone would take is not to be had there.
    const verb = matches.some((entry) => has(verbPattern, entry));
    const found = verb ? matches.filter((entry) => !has(namePattern, entry)) : matches;
    const literal = found.filter((entry) => !has(anyPattern, entry));
    const match = [...literal, ...found].find((entry) => entry.method === method);
    if (match) return { route: match.route, handler: match.handler, params: match.params };
    const allowed = new Set(
      found.flatMap((entry) => (entry.method === 'GET' ? ['GET', 'HEAD'] : entry.method)),
    );
    if (allowed.size === 0) throw new Failure(404, `There is nothing at ${path.slice(0, 200)}.`);
    const methods = [...allowed].join(', ');
    throw new Failure(405, `${path} takes ${methods}, not ${method}.`, { Allow: methods });
  }
}

/** The path of a request's target, which may be a whole address: that is how proxies are asked. */
function pathOf(target: string): string {
  const [path] = target.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1) as [string];
  return path || '/';
}

const verbPattern = /^:[^:]+:/;
const namePattern = /^:[^:]+$/;
const anyPattern = /^:/;

function has(pattern: RegExp, { segments }: Entry): boolean {
  return segments.some((segment) => pattern.test(segment));
}

function matchSegments(pattern: string[], segments: string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] as string;
    const [before, name, verb] = expected.split(':');
    if (before !== '' || name === undefined) {
      if (expected !== segment) return undefined;
    } else if (verb === undefined) {
      params[name] = decode(segment);
    } else {
      const end = `:${verb}`;
      const whole = decode(segment);
      if (!whole.endsWith(end)) return undefined;
      params[name] = whole.slice(0, -end.length);
    }
  }
  return params;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Failure(400, 'The address has a percent sign that starts no character.');
  }
}

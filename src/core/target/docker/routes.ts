import * as z from 'zod';
import { longestProof } from '../proof';

/** Which revisions the stable address of a model leads to. It lives in the proxy's configuration and nowhere else. */
export interface Routes {
  target: string;
  model: string;
  /** Revisions with traffic and their percent of it; first the one that serves, then one that has a part for a trial. */
  weights: { revision: number; percent: number }[];
  /** Revisions that have or had traffic, ascending, the last ones; also those removed since, so that no number is given twice. */
  promoted: number[];
  /** What was proven of revisions before they got their traffic, as text, by revision. */
  proofs?: Record<string, string>;
}

const revision = z.int().positive();
const schema = z.object({
  target: z.string(),
  model: z.string(),
  weights: z.array(z.object({ revision, percent: z.number().min(0).max(100) })),
  promoted: z.array(revision),
  proofs: z.record(z.string(), z.string()).optional(),
});

/** More than are ever kept. */
const REMEMBERED = 100;
const PROOFS = 10;
const MARK = '# slipway ';

/** The line that carries routes at the head of a proxy's configuration. */
export function routesLine(routes: Routes): string {
  return MARK + JSON.stringify(routes);
}

/** Reads the routes back from a proxy's configuration; undefined when it is not one of ours. */
export function parseRoutes(text: string): Routes | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith(MARK));
  if (!line) return undefined;
  try {
    return schema.parse(JSON.parse(line.slice(MARK.length)));
  } catch {
    return undefined;
  }
}

/** The routes after all traffic moved to one revision. */
export function routeAllTo(routes: Routes, to: number, proof?: string): Routes {
  const promoted = [...new Set([...routes.promoted, to])].sort((a, b) => a - b).slice(-REMEMBERED);
  const proofs: Record<string, string> = { ...routes.proofs };
  if (proof !== undefined) proofs[to] = proof.slice(0, longestProof);
  const kept = promoted.slice(-PROOFS).flatMap((each) => (proofs[each] ? [[each, proofs[each]]] : []));
  return {
    ...routes,
    weights: [{ revision: to, percent: 100 }],
    promoted,
    proofs: Object.fromEntries(kept) as Record<string, string>,
  };
}

/** The routes after one revision was given a part of the traffic, or nothing; the rest stays with the one that serves. */
export function routePartTo(routes: Routes, to: number, percent: number): Routes {
  const serving = routes.weights[0]?.revision;
  if (serving === undefined || serving === to) return routes;
  const weights = [{ revision: serving, percent: 100 - percent }];
  if (percent > 0) weights.push({ revision: to, percent });
  return { ...routes, weights };
}

/** The revision that serves, beside which another may have a part of the traffic for a trial. */
export function servingOf(routes: Routes | undefined): number | undefined {
  return routes?.weights[0]?.revision;
}

/** Percent of the traffic that a revision gets. */
export function trafficOf(routes: Routes | undefined, revision: number): number {
  return routes?.weights.find((weight) => weight.revision === revision)?.percent ?? 0;
}

import type { ReplicaRange } from './target';

/** What it means to ask for a number of servers where their load decides: there are never fewer. `max` is as many as there may be at most. */
export function rangeFor(replicas: number, max: number): Required<ReplicaRange>;
export function rangeFor(replicas: number, max: number | undefined): ReplicaRange;
export function rangeFor(replicas: number, max: number | undefined): ReplicaRange {
  return { min: replicas, ...(max !== undefined && { max: Math.max(max, replicas) }) };
}

/** `2 servers`, or `2 to 6 servers, as the load asks`. */
export function serverWords({ min, max }: ReplicaRange): string {
  if (max === min) return max === 1 ? '1 server' : `${String(max)} servers`;
  return max === undefined
    ? `${String(min)} or more servers, as the load asks`
    : `${String(min)} to ${String(max)} servers, as the load asks`;
}

import type { Labels } from '../parseLine';
import { durationsOf, known, processOf, total, totalsBy } from '../query';
import type { Reader } from '../reading';

/** Predictions only: what asks for health, metadata or metrics is no traffic. */
const predictions = (labels: Labels) => ['infer', 'predict'].includes(labels.get('route') ?? '');

/** Slipway's own model server. */
export const slipway: Reader = {
  server: 'Slipway',
  read(families) {
    if (!families.has('slipway_requests_total')) return undefined;
    const front = processOf(families);
    const inFlight = total(families, 'slipway_requests_in_flight');
    return {
      server: 'Slipway',
      started: front.started,
      requests: totalsBy(
        families,
        'slipway_requests_total',
        (labels) => labels.get('status') ?? '',
        predictions,
      ),
      durations: durationsOf(families, 'slipway_request_duration_seconds', 1, predictions),
      // The scrape itself is one of them.
      inFlight: inFlight === undefined ? undefined : Math.max(0, inFlight - 1),
      cpu: known({ front: front.cpu, worker: total(families, 'slipway_worker_cpu_seconds_total') }),
      memory: known({ front: front.memory, worker: total(families, 'slipway_worker_memory_bytes') }),
    };
  },
};

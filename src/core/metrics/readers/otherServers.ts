import type { Families } from '../parse';
import type { Labels } from '../parseLine';
import { durationsOf, known, processOf, samplesOf, total, totalsBy } from '../query';
import { untold, type Durations, type Reader, type Reading } from '../reading';

const byLabel = (name: string) => (labels: Labels) => labels.get(name) ?? '';

/** A reading with what Prometheus' client libraries say of the process, where they do. */
function withProcess(families: Families, reading: Omit<Reading, 'cpu' | 'memory' | 'started'>): Reading {
  const { cpu, memory, started } = processOf(families);
  return { ...reading, started, cpu: known({ front: cpu }), memory: known({ front: memory }) };
}

/** What two counters say where there is no histogram: the mean only. */
function meanOf(families: Families, sum: string, count: string, unit: number): Durations | undefined {
  const [seconds, requests] = [total(families, sum), total(families, count)];
  if (seconds === undefined || requests === undefined) return undefined;
  return { bounds: [], counts: [], sum: seconds * unit, count: requests };
}

/** The latency's note where a server measures only a part of the request. */
const predictOnly = 'Latency is that of the predict step alone; the server does not tell how requests end.';

const bentoMl: Reader = {
  server: 'BentoML',
  read(families) {
    if (!families.has('bentoml_service_request_total') && !families.has('bentoml_service_request')) return;
    const prediction = (labels: Labels) =>
      !/^\/(healthz|livez|readyz|metrics)$/.test(labels.get('endpoint') ?? '');
    return withProcess(families, {
      server: 'BentoML',
      requests: totalsBy(
        families,
        'bentoml_service_request_total',
        byLabel('http_response_code'),
        prediction,
      ),
      durations: durationsOf(families, 'bentoml_service_request_duration_seconds', 1, prediction),
      inFlight: total(families, 'bentoml_service_request_in_progress', prediction),
    });
  },
};

const kserve: Reader = {
  server: 'KServe',
  read(families) {
    const durations = durationsOf(families, 'request_predict_seconds');
    if (!durations) return;
    const requests = new Map([[untold, durations.count]]);
    return withProcess(families, { server: 'KServe', requests, durations, note: predictOnly });
  },
};

const mlServer: Reader = {
  server: 'MLServer',
  read(families) {
    const ok = total(families, 'model_infer_request_success_total');
    const failed = total(families, 'model_infer_request_failure_total');
    const infer = (labels: Labels) => /\/infer$/.test(labels.get('path') ?? '');
    const byStatus = totalsBy(families, 'rest_server_requests_total', byLabel('status_code'), infer);
    if (ok === undefined && failed === undefined && !byStatus.size) return;
    return withProcess(families, {
      server: 'MLServer',
      requests: byStatus.size ? byStatus : known({ ok, failed }),
      durations:
        durationsOf(families, 'rest_server_request_duration_seconds', 1, infer) ??
        meanOf(families, 'model_infer_request_duration_sum', 'model_infer_request_duration_count', 1),
    });
  },
};

const triton: Reader = {
  server: 'Triton',
  read(families) {
    const ok = total(families, 'nv_inference_request_success');
    if (ok === undefined) return;
    const failed = totalsBy(families, 'nv_inference_request_failure', byLabel('reason'));
    const quantiles = samplesOf(families, 'nv_inference_request_summary_us').map(
      ({ labels, value }) => [Number(labels.get('quantile')), value / 1e6] as const,
    );
    // Of several models there would be several values, and quantiles can not be added up.
    const single = new Set(quantiles.map(([quantile]) => quantile)).size === quantiles.length;
    return withProcess(families, {
      server: 'Triton',
      requests: new Map([...failed].map(([reason, count]) => [reason || 'failed', count] as const)).set(
        'ok',
        ok,
      ),
      durations: meanOf(families, 'nv_inference_request_duration_us', 'nv_inference_request_success', 1e-6),
      quantiles: single ? new Map(quantiles) : undefined,
    });
  },
};

const torchServe: Reader = {
  server: 'TorchServe',
  read(families) {
    const requests = total(families, 'ts_inference_requests_total');
    if (requests === undefined) return;
    return withProcess(families, {
      server: 'TorchServe',
      requests: new Map([[untold, requests]]),
      durations: meanOf(families, 'ts_inference_latency_microseconds', 'ts_inference_requests_total', 1e-6),
      note: 'TorchServe does not tell how requests end.',
    });
  },
};

const tensorFlowServing: Reader = {
  server: 'TF Serving',
  read(families) {
    const byStatus = totalsBy(families, ':tensorflow:serving:request_count', (labels) => {
      const status = labels.get('status') ?? untold;
      return status === 'OK' ? 'ok' : status;
    });
    if (!byStatus.size) return;
    const durations = durationsOf(families, ':tensorflow:serving:request_latency', 1e-6);
    return withProcess(families, { server: 'TF Serving', requests: byStatus, durations });
  },
};

const rayServe: Reader = {
  server: 'Ray Serve',
  read(families) {
    // Health checks and the list of routes have routes of their own.
    const prediction = (labels: Labels) => !(labels.get('route') ?? '').startsWith('/-/');
    const requests = totalsBy(
      families,
      'ray_serve_num_http_requests_total',
      (labels) => labels.get('status_code') ?? untold,
      prediction,
    );
    if (!requests.size) return;
    return withProcess(families, {
      server: 'Ray Serve',
      requests,
      durations: durationsOf(families, 'ray_serve_http_request_latency_ms', 0.001, prediction),
    });
  },
};

/** Servers other than Slipway's own, by the names of their metrics. */
export const otherServers: readonly Reader[] = [
  bentoMl,
  mlServer,
  triton,
  torchServe,
  tensorFlowServing,
  rayServe,
  kserve,
];

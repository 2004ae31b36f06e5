import assert from 'node:assert/strict';
import { parseMetrics } from '../../../src/core/metrics/parse';
import { readMetrics } from '../../../src/core/metrics/readers';
import { latencyKind } from '../../../src/core/metrics/recorder';
import { untold } from '../../../src/core/metrics/reading';

const read = (text: string) => readMetrics(parseMetrics(text));
const requestsOf = (text: string) => Object.fromEntries(read(text)?.requests ?? []);

describe('readMetrics', () => {
  it('reads Slipway: predictions only, and all in flight but the scrape', () => {
    const text = `# TYPE slipway_requests_total counter
slipway_requests_total{route="infer",status="200"} 5
slipway_requests_total{route="predict",status="200"} 2
slipway_requests_total{route="predict",status="422"} 1
slipway_requests_total{route="metrics",status="200"} 900
slipway_requests_total{route="health",status="200"} 900
slipway_requests_in_flight 3
process_cpu_seconds_total 1.5
slipway_worker_cpu_seconds_total 2.5
process_resident_memory_bytes 100
slipway_worker_memory_bytes 50
process_start_time_seconds 1700000000.5
`;
    const reading = read(text);
    assert.deepEqual(requestsOf(text), { 200: 7, 422: 1 });
    assert.equal(reading?.inFlight, 2);
    assert.deepEqual(Object.fromEntries(reading?.cpu ?? []), { front: 1.5, worker: 2.5 });
    assert.deepEqual(Object.fromEntries(reading?.memory ?? []), { front: 100, worker: 50 });
    assert.equal(reading?.started, 1700000000500);
  });

  it('reads BentoML', () => {
    const text = `# TYPE bentoml_service_request_total counter
bentoml_service_request_total{endpoint="/classify",http_response_code="200",service_name="iris"} 9
bentoml_service_request_total{endpoint="/classify",http_response_code="400",service_name="iris"} 1
bentoml_service_request_total{endpoint="/readyz",http_response_code="200",service_name="iris"} 70
# TYPE bentoml_service_request_duration_seconds histogram
bentoml_service_request_duration_seconds_bucket{endpoint="/classify",http_response_code="200",le="0.1"} 8
bentoml_service_request_duration_seconds_bucket{endpoint="/classify",http_response_code="200",le="+Inf"} 9
bentoml_service_request_duration_seconds_sum{endpoint="/classify",http_response_code="200"} 0.5
bentoml_service_request_duration_seconds_count{endpoint="/classify",http_response_code="200"} 9
`;
    assert.deepEqual(requestsOf(text), { 200: 9, 400: 1 });
    assert.deepEqual(read(text)?.durations, { bounds: [0.1, Infinity], counts: [8, 9], sum: 0.5, count: 9 });
  });

  it('reads MLServer, by status where it tells it', () => {
    const plain = `model_infer_request_success_total{model="iris",version="1"} 8
model_infer_request_failure_total{model="iris",version="1"} 2
model_infer_request_duration_count{model="iris",version="1"} 8
model_infer_request_duration_sum{model="iris",version="1"} 0.4
`;
    assert.deepEqual(requestsOf(plain), { ok: 8, failed: 2 });
    assert.deepEqual(read(plain)?.durations, { bounds: [], counts: [], sum: 0.4, count: 8 });
    const byStatus = `${plain}rest_server_requests_total{method="POST",path="/v2/models/{model_name}/infer",status_code="200"} 8
rest_server_requests_total{method="GET",path="/v2/health/ready",status_code="200"} 40
`;
    assert.deepEqual(requestsOf(byStatus), { 200: 8 });
  });

  it('reads Triton: the mean from its counters, and its own quantiles of a single model', () => {
    const plain = `nv_inference_request_success{model="a",version="1"} 10
nv_inference_request_failure{model="a",version="1",reason="BACKEND"} 2
nv_inference_request_failure{model="a",version="1",reason="REJECTED"} 0
nv_inference_request_duration_us{model="a",version="1"} 50000
`;
    const reading = read(plain);
    assert.deepEqual(requestsOf(plain), { BACKEND: 2, REJECTED: 0, ok: 10 });
    assert.ok(Math.abs((reading?.durations?.sum ?? 0) - 0.05) < 1e-9);
    assert.equal(reading && latencyKind(reading), 'mean');
    const one = `${plain}nv_inference_request_summary_us{model="a",quantile="0.95"} 7000\n`;
    const own = read(one);
    assert.deepEqual([own?.quantiles?.get(0.95), own && latencyKind(own)], [0.007, 'quantiles']);
    const two = read(`${one}nv_inference_request_summary_us{model="b",quantile="0.95"} 9000\n`);
    assert.equal(two && latencyKind(two), 'mean');
  });

  it('reads TorchServe', () => {
    const text = `ts_inference_requests_total{uuid="x",model_name="m",model_version="default",} 4.0
ts_inference_latency_microseconds{uuid="x",model_name="m",model_version="default",} 2511000.058
`;
    assert.deepEqual(requestsOf(text), { [untold]: 4 });
    assert.equal(read(text)?.durations?.sum, 2.511000058);
  });

  it('reads TF Serving', () => {
    const text = `:tensorflow:serving:request_count{model_name="m",status="OK"} 6
:tensorflow:serving:request_count{model_name="m",status="INVALID_ARGUMENT"} 1
# TYPE :tensorflow:serving:request_latency histogram
:tensorflow:serving:request_latency_bucket{model_name="m",API="predict",entrypoint="REST",le="1000"} 5
:tensorflow:serving:request_latency_bucket{model_name="m",API="predict",entrypoint="REST",le="+Inf"} 6
:tensorflow:serving:request_latency_sum{model_name="m",API="predict",entrypoint="REST"} 9000
:tensorflow:serving:request_latency_count{model_name="m",API="predict",entrypoint="REST"} 6
`;
    assert.deepEqual(requestsOf(text), { ok: 6, INVALID_ARGUMENT: 1 });
    assert.deepEqual(read(text)?.durations?.bounds, [0.001, Infinity]);
  });

  it('reads Ray Serve', () => {
    const text = `ray_serve_num_http_requests_total{route="/iris",method="POST",status_code="200"} 3
ray_serve_num_http_requests_total{route="/-/healthz",method="GET",status_code="200"} 99
ray_serve_http_request_latency_ms_bucket{route="/iris",le="5"} 2
ray_serve_http_request_latency_ms_bucket{route="/iris",le="+Inf"} 3
ray_serve_http_request_latency_ms_sum{route="/iris"} 14
ray_serve_http_request_latency_ms_count{route="/iris"} 3
`;
    assert.deepEqual(requestsOf(text), { 200: 3 });
    assert.deepEqual(read(text)?.durations?.bounds, [0.005, Infinity]);
  });

  it('reads KServe, of which only the predict step is known', () => {
    const text = `# TYPE request_predict_seconds histogram
request_predict_seconds_bucket{model_name="iris",le="0.01"} 4
request_predict_seconds_bucket{model_name="iris",le="+Inf"} 5
request_predict_seconds_sum{model_name="iris"} 0.1
request_predict_seconds_count{model_name="iris"} 5
`;
    assert.deepEqual(requestsOf(text), { [untold]: 5 });
    assert.match(read(text)?.note ?? '', /predict step/);
  });

  it('knows no other metrics', () => assert.equal(read('node_cpu_seconds_total 1\n'), undefined));
});

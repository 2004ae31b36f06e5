import { SERVER_PORT, releaseName } from './names';
import { routesLine, type Routes } from './routes';

/** Where the proxy itself answers with the generation of its configuration. */
export const GENERATION_PATH = '/slipway/generation';
/** Names the revision that gave an answer: `r3`. */
export const REVISION_HEADER = 'slipway-revision';
/** After this an old worker is gone, whatever it still does, in seconds. More than the server's longest answer. */
export const HARD_STOP_SECONDS = 75;

/** Where the proxy answers whether it reaches a revision that it leads nobody to yet. */
export function probePath(revision: number): string {
  return `/slipway/probe/${String(revision)}`;
}

/**
 * HAProxy's whole configuration for the stable address of one model on one target.
 * @param generation Unlike that of any other configuration: tells whether the proxy works by this one.
 * @param probed Revisions that can be asked for at {@link probePath}.
 */
export function proxyConfig(routes: Routes, generation: string, probed: { revision: number }[] = []): string {
  const serverOf = (revision: number) =>
    `  server r${String(revision)} ${releaseName(routes.target, routes.model, revision)}:${String(SERVER_PORT)}`;
  const servers = routes.weights.map(
    ({ revision, percent }) =>
      `${serverOf(revision)} check weight ${String(Math.round((percent / 100) * 256))}`,
  );
  const probeRules = probed.map(
    ({ revision }) => `  use_backend probe-${String(revision)} if { path ${probePath(revision)} }\n`,
  );
  const probes = probed.map(
    ({ revision }) => `
backend probe-${String(revision)}
  http-request set-path /v2/health/ready
${serverOf(revision)}
`,
  );
  return `${routesLine(routes)}
# Written by Slipway, which reads its routes from the line above.
global
  log stdout format raw local0 notice
  maxconn 4096
  hard-stop-after ${String(HARD_STOP_SECONDS)}s

defaults
  mode http
  log global
  maxconn 4096
  timeout connect 2s
  timeout http-request 15s
  timeout client 65s
  timeout server 65s
  timeout queue 30s
  # Short, because a reload waits for idle connections; the header tells clients not to use them any longer.
  timeout http-keep-alive 10s
  # A prediction changes nothing, so one that met a closed connection is asked again.
  retries 3
  option redispatch
  retry-on conn-failure empty-response
  # Workers that are replaced answer once more on each connection, and say that it closes.
  option idle-close-on-response
  option forwardfor
  default-server inter 1s fall 3 rise 1 resolvers engine init-addr libc,none
${[
  refusal(502, 'The release broke off its answer.'),
  refusal(503, 'No release is ready to answer.'),
  refusal(504, 'The release did not answer in time.'),
].join('\n')}

resolvers engine
  nameserver dns 127.0.0.11:53
  resolve_retries 3
  timeout resolve 1s
  timeout retry 1s
  hold valid 1s

frontend stable
  bind :${String(SERVER_PORT)}
  http-request return status 200 content-type text/plain string "${generation}" if { path ${GENERATION_PATH} }
  http-request set-header X-Forwarded-Proto http
  http-response set-header Keep-Alive timeout=9
${probeRules.join('')}  default_backend releases

backend releases
  balance roundrobin
  option httpchk
  http-check send meth GET uri /v2/health/ready
  http-check expect status 200
  http-response set-header ${REVISION_HEADER} %s
${servers.join('\n')}
${probes.join('')}`;
}

function refusal(status: number, words: string): string {
  const body = JSON.stringify({ error: words }).replaceAll('"', '\\"');
  return `  http-error status ${String(status)} content-type application/json string "${body}"`;
}

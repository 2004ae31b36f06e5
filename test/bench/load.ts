import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../host/command';
import type { Question } from './contestant';

export interface Load {
  /** Requests each second. */
  rate: number;
  /** Milliseconds that half of the requests did not exceed. */
  p50: number;
  /** Milliseconds that 99 % of the requests did not exceed. */
  p99: number;
  /** Requests that were not answered with 2xx. */
  failed: number;
}

/** Asks a question again and again with wrk over so many keep-alive connections. Rejects when wrk is not installed. */
export async function load(
  { url, headers, body }: Question,
  connections: number,
  seconds: number,
): Promise<Load> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  try {
    const script = join(folder, 'post.lua');
    const bodyFile = join(folder, 'body');
    await writeFile(bodyFile, body);
    await writeFile(
      script,
      `wrk.method = "POST"
${Object.entries(headers)
  .map(([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`)
  .join('\n')}
local file = io.open(${JSON.stringify(bodyFile)}, "rb")
wrk.body = file:read("*a")
file:close()
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %f %f %f %d\\n", summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.status + errors.read + errors.write + errors.connect + errors.timeout))
end
`,
    );
    const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '60s', '-s', script];
    const stdout = await run('wrk', [...options, url]);
    const [, rate, p50, p99, failed] = /RESULT (\S+) (\S+) (\S+) (\d+)/.exec(stdout) ?? [];
    if (!rate || !p50 || !p99 || !failed) throw new Error(`wrk printed no result:\n${stdout}`);
    return { rate: Number(rate), p50: Number(p50), p99: Number(p99), failed: Number(failed) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

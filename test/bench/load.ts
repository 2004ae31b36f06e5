import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

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

/** Posts `body` to `url` with wrk over so many keep-alive connections. Throws when wrk is not installed. */
export async function load(url: string, body: string, connections: number, seconds: number): Promise<Load> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  try {
    const script = join(folder, 'post.lua');
    await writeFile(
      script,
      `wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [==[${body}]==]
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %f %f %f %d\\n", summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.status + errors.read + errors.write + errors.connect + errors.timeout))
end
`,
    );
    const { stdout } = await promisify(execFile)('wrk', [
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '-s',
      script,
      url,
    ]);
    const [, rate, p50, p99, failed] = /RESULT (\S+) (\S+) (\S+) (\d+)/.exec(stdout) ?? [];
    if (!rate || !p50 || !p99 || !failed) throw new Error(`wrk printed no result:\n${stdout}`);
    return { rate: Number(rate), p50: Number(p50), p99: Number(p99), failed: Number(failed) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

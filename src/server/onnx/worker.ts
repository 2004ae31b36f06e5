import './prepare';
import { InferenceSession } from 'onnxruntime-node';
import { byteLengthOf } from '../../core/inference/datatypes';
import { messageOf } from '../../core/errors';
import type { Tensor } from '../../core/inference/tensor';
import type { FailureReason, SessionOptions, Usage } from '../worker/frames';
import { endWithParent } from './endWithParent';
import { ortMessage } from './ortMessage';
import { fromOrt, toOrt, UnfitInput } from './ortTensors';
import { readFrame, writeFrame } from './pipe';
import { sessionOptions } from './sessionOptions';

/** Loads one model and runs it, one request after another, until the pipe ends. */
async function work(): Promise<void> {
  endWithFrontOnly();
  endWithParent();
  let sessions: Sessions | undefined;
  for (let frame = readFrame(); frame; frame = readFrame()) {
    const { header, tensors } = frame;
    if (header.kind === 'load') sessions = await load(header.model, header.options);
    else if (sessions) {
      await run((header.wide && sessions.wide) || sessions.usual, header.id, tensors, header.maxBytes);
    }
  }
}

/** Signals that go to all processes at once, as from a terminal, are for the front: it lets runs end before it ends the pipe. */
function endWithFrontOnly(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
}

interface Sessions {
  usual: InferenceSession;
  /** For wide runs. */
  wide?: InferenceSession;
}

async function load(model: string, options: SessionOptions): Promise<Sessions | undefined> {
  try {
    const before = process.memoryUsage.rss();
    const usual = await InferenceSession.create(model, sessionOptions(options));
    const wide = await loadWide(model, options, process.memoryUsage.rss() - before);
    writeFrame({ kind: 'loaded', ...(wide && { wide: true }), usage: usage() });
    return { usual, wide };
  } catch (error) {
    writeFrame({ kind: 'failed', reason: 'load', message: ortMessage(error) });
    return undefined;
  }
}

/** Loads a model that takes so many bytes a second time. Undefined where there are to be no wide runs, or that fails: it serves without. */
async function loadWide(
  model: string,
  options: SessionOptions,
  bytes: number,
): Promise<InferenceSession | undefined> {
  const { wide } = options;
  if (!wide || bytes > wide.mostBytes) return undefined;
  try {
    return await InferenceSession.create(model, sessionOptions({ ...options, intraOpThreads: wide.threads }));
  } catch (error) {
    process.stderr.write(`There are no runs on all cores: ${ortMessage(error)}\n`);
    return undefined;
  }
}

async function run(session: InferenceSession, id: number, inputs: Tensor[], maxBytes: number): Promise<void> {
  const started = performance.now();
  const fail = (reason: FailureReason, message: string) =>
    writeFrame({ kind: 'failed', id, reason, message });
  try {
    const feeds = Object.fromEntries(inputs.map((tensor) => [tensor.name, toOrt(tensor)]));
    const results = await session.run(feeds);
    const outputs = session.outputNames.map((name) => fromOrt(name, results[name] as never));
    const milliseconds = performance.now() - started;
    const bytes = outputs.reduce((sum, output) => sum + byteLengthOf(output), 0);
    if (bytes > maxBytes) return fail('size', `The outputs take ${bytes} bytes.`);
    const parts = outputs.map(({ name, datatype, shape, data }) => ({
      name,
      datatype,
      shape,
      parts: [data],
    }));
    writeFrame({ kind: 'result', id, milliseconds, ...recentUsage() }, parts);
  } catch (error) {
    if (error instanceof UnfitInput) return fail('input', error.message);
    const message = ortMessage(error);
    fail(/alloc|out of memory|array buffer/i.test(message) ? 'memory' : 'model', message);
  }
}

let reported = 0;

/** What the process uses, at most once a second: asking costs as much as a small run. */
function recentUsage(): { usage?: Usage } {
  const now = performance.now();
  if (now - reported < 1000) return {};
  reported = now;
  return { usage: usage() };
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { rss: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6 };
}

void work().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(1);
  },
);

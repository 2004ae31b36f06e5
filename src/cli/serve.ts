import { ContainerEngine } from '../core/endpoint/containerEngine';
import type { PythonPlace } from '../core/endpoint/pythonArguments';
import { startServer } from '../core/endpoint/startServer';
import { UserError } from '../core/errors';
import { UsageError, onlyModel, type Call } from './call';
import { admit, placeArguments } from './servers';
import type { ModelFile } from './workspace';

const anyPort = 0;
const highestPort = 65535;
const loopback = '127.0.0.1';
/** Of what a container writes, enough to see why it ended. */
const keptCharacters = 4000;

/** `slipway serve`: says where the server answers, and ends it with this process. */
export async function serve(call: Call): Promise<void> {
  const { workspace, settings, signal, given, values } = call;
  const port = portOf(values.port);
  if (values.container && values.process) throw new UsageError('Say --container or --process, not both.');
  // It would stand in what the engine tells of the container.
  if (values.container && process.env['SLIPWAY_TOKEN'])
    throw new UsageError(
      'SLIPWAY_TOKEN is set, and a server in a container asks nobody for it. Serve without --container, or unset it.',
    );
  const model = await workspace.model(onlyModel(given));
  await admit(
    model,
    { ...values, ...settings },
    signal,
    values.container ? 'container' : placeOf(call, model),
  );
  await (values.container ? serveInContainer : serveHere)(call, model, port);
  signal.throwIfAborted();
  throw new UserError('endpoint-gone', `The server of ${model.name} ended.`, 'Serve the model again.');
}

function placeOf({ values }: Call, model: ModelFile): PythonPlace | undefined {
  return values.process ? 'process' : model.place;
}

/** Resolves when the server has ended, or `signal` has aborted. */
async function serveHere(call: Call, model: ModelFile, port: number): Promise<void> {
  const { settings, output, signal, values } = call;
  const place = placeOf(call, model);
  const { name, hash } = await model.served(signal);
  const more = [
    ...['--name', name, '--hash', hash, '--host', values.host ?? loopback, '--port', String(port)],
    ...['--worker-memory-mib', String(settings.memoryMiB)],
    ...model.serverArguments,
    ...(await placeArguments(model, place, settings, output.task(signal))),
  ];
  // Later it is not killed, but ends by itself.
  const starting = new AbortController();
  const giveUp = () => starting.abort(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  let say: (words: string) => void = () => undefined;
  const log = { ...output.log, debug: (words: string) => say(words) };
  const server = await startServer(
    { ...settings, path: model.path, more, log, token: process.env['SLIPWAY_TOKEN'] },
    starting.signal,
  );
  signal.removeEventListener('abort', giveUp);
  say = output.progress;
  tell(call, model, server.url, { pid: server.pid });
  await Promise.race([server.ended, aborted(signal)]);
  // It answers what it was asked.
  await server.stop(settings.timeoutSeconds * 1000);
}

/** Resolves when the container has ended, or `signal` has aborted; it is removed. */
async function serveInContainer(call: Call, model: ModelFile, port: number): Promise<void> {
  const { settings, output, signal, values } = call;
  const publish = { bind: values.host ?? loopback, ...(port !== anyPort && { port }) };
  const engine = new ContainerEngine({ ...settings, publish });
  try {
    const endpoint = await engine.serve(await model.served(signal), output.task(signal));
    try {
      tell(call, model, endpoint.url ?? '', { container: endpoint.id.slice('container:'.length) });
      let written = '';
      for await (const words of engine.logs(endpoint, signal))
        written = (written + words).slice(-keptCharacters);
      if (!signal.aborted) output.progress(written.trimEnd());
    } finally {
      const ending = output.task(new AbortController().signal);
      await engine.stop(endpoint, ending);
      await engine.remove(endpoint, ending);
    }
  } finally {
    engine.dispose();
  }
}

function tell({ output }: Call, { name }: ModelFile, url: string, how: object): void {
  const words = [
    `${name} answers at ${url}`,
    `Ask it: slipway predict ${name} --url ${url}`,
    `Its API: ${url}/openapi.json`,
    'Ctrl+C ends it.',
  ];
  output.result({ url, model: name, ...how }, words.join('\n'));
}

function portOf(text: string | undefined): number {
  if (text === undefined) return anyPort;
  const port = /^\d+$/.test(text) ? Number(text) : Infinity;
  if (port <= highestPort) return port;
  throw new UsageError(`--port takes a whole number from 0 to ${highestPort}, not ${text || 'nothing'}.`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

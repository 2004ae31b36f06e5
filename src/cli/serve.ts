import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { UserError } from '../core/errors';
import { UsageError, type Call } from './call';
import { admit, placeArguments } from './servers';

/** `slipway serve`: the server says on standard output where it is, and ends with this process. */
export async function serve(call: Call): Promise<void> {
  const { workspace, settings, output, signal, given, values } = call;
  const [name, ...more] = given;
  if (name === undefined || more.length > 0) throw new UsageError('Name one model.');
  const model = await workspace.model(name);
  await admit(model, values.loadAnyway, signal);
  const place = await placeArguments(model, settings, output.task(signal));
  const { hash } = await model.served(signal);
  const child = spawn(
    process.execPath,
    [
      join(settings.dist, 'server.js'),
      ...['--model', model.path, '--name', model.name, '--hash', hash],
      ...['--host', values.host ?? '127.0.0.1', '--port', values.port ?? '0', '--exit-with-parent'],
      ...model.serverArguments,
      ...place,
    ],
    { stdio: ['pipe', 'inherit', 'inherit'] },
  );
  // It answers what it was asked before it ends.
  signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  const [code] = (await once(child, 'exit')) as [number | null];
  signal.throwIfAborted();
  if (code !== 0)
    throw new UserError('endpoint-gone', `The server of ${model.name} ended with code ${String(code)}.`);
}

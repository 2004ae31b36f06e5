import { version } from '../../package.json';
import { basename } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import { messageOf, UserError } from '../core/errors';
import { backendFor } from './backend';
import { BulkCodec } from './codec/bulkCodec';
import { runCodecThread } from './codec/codecThread';
import { Failure } from './failure';
import { Access } from './http/access';
import { BodyBudget } from './http/bodyBudget';
import type { ExchangeObserver } from './http/exchange';
import { HttpServer } from './http/httpServer';
import { ModelHost } from './modelHost';
import { readOptions, usage } from './options';
import type { ServerOptions } from './options';
import { removeRecord, writeRecord } from './record';
import { createRoutes } from './routes/routes';

const log = (message: string) => process.stderr.write(`${new Date().toISOString()} ${message}\n`);
/** The standard output holds these lines only: a program reads it. */
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

// Whoever started the server may be gone: what it prints then goes nowhere, and that is no reason to end in the middle of something.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

async function main(): Promise<void> {
  if (process.argv.includes('--help')) return void process.stdout.write(usage);
  const options = readOptions(process.argv.slice(2), process.env);
  await serve(new ModelHost(await backendFor(options), options, log), options);
}

async function serve(model: ModelHost, options: ServerOptions): Promise<void> {
  const { metrics } = model;
  const observer: ExchangeObserver = {
    started: () => metrics.started(),
    ended: (route, status, seconds) => metrics.ended(route, status, seconds),
    moved: (request, response) => metrics.moved(request, response),
    broken: (error) => log(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  };
  const bulk = new BulkCodec(
    __filename,
    () => ({ signature: model.signature, model: { name: model.name, version: model.version } }),
    // Rows of one number each take sixteen times as much memory as their text.
    {
      seconds: options.requestTimeoutSeconds,
      memoryMib: Math.min(4096, Math.ceil(256 + 16 * options.maxBodyMib)),
    },
  );
  const routes = createRoutes({
    model,
    version,
    metrics: () => metrics.expose(),
    coded: (phase, seconds) => metrics.coded(phase, seconds),
    bulk,
    token: options.token !== undefined,
    healthRoute: options.healthRoute,
    predictRoute: options.predictRoute,
  });
  const http = new HttpServer(
    routes,
    observer,
    options.requestTimeoutSeconds,
    new BodyBudget(model.maxBodyBytes),
    new Access(options),
  );
  const url = await http.listen(options.host, options.port).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new UserError('port-taken', `Port ${options.port} on ${options.host} is taken by another program.`);
  });
  const stop = stopOnce(async () => {
    log('Stopping: what came in is answered first.');
    model.announceStop();
    await http.close();
    model.stop();
    if (options.record) removeRecord(options.record);
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, stop);
  if (options.exitWithParent) process.stdin.resume().once('end', stop).once('error', stop);

  await model.start().catch((error: unknown) => {
    // 500 is the model's fault; anything else befell the process that loaded it.
    const code = error instanceof Failure && error.status === 500 ? 'model-broken' : 'worker-crashed';
    const next = error instanceof Failure && error.status === 507 ? moreMemory : undefined;
    throw new UserError(code, `${basename(options.model)} can not be loaded: ${messageOf(error)}`, next);
  });
  const { name, hash, model: path } = { ...options };
  if (options.record) {
    writeRecord(options.record, {
      url,
      pid: process.pid,
      model: name,
      path,
      hash,
      created: new Date().toISOString(),
    });
  }
  print({ url, model: name, pid: process.pid });
  log(`Serving ${name} at ${url}`);
}

const moreMemory = 'Give it more memory (slipway.serve.memoryMiB, or --worker-memory-mib of the server).';

/** Runs `work` the first time it is called, then ends the process. */
function stopOnce(work: () => Promise<void>): () => void {
  let stopping = false;
  return () => {
    if (stopping) return;
    stopping = true;
    void work().then(
      () => process.exit(0),
      (error: unknown) => {
        log(messageOf(error));
        process.exit(1);
      },
    );
  };
}

/** The same file is the program and its thread. */
if (isMainThread) {
  // What Node was told of short-lived objects is for this thread: the one for long requests has longer-lived ones, and many.
  setFlagsFromString('--max-semi-space-size=0');
  main().catch(giveUp);
} else runCodecThread();

function giveUp(error: unknown): void {
  const { code, next } = error instanceof UserError ? error : { code: 'server-failed', next: undefined };
  const message = messageOf(error);
  log(message);
  // Not before the line is out: a pipe may take it later.
  process.stdout.write(`${JSON.stringify({ error: message, code, next })}\n`, () => process.exit(1));
}

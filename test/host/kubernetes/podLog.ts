import type { ServerResponse } from 'node:http';
import { ApiFailure } from './apiFailure';
import type { LogLine } from './containerProcess';
import type { PodRunner } from './podRunner';

/** Answers what a pod's container wrote, and with `follow` what it writes until it ends. */
export function sendLog(runner: PodRunner, query: URLSearchParams, response: ServerResponse): void {
  const name = containerIn(runner, query.get('container'));
  if (name !== runner.server) {
    response.writeHead(200, { 'content-type': 'text/plain' }).end(`${name} has its own words\n`);
    return;
  }
  const previous = query.get('previous') === 'true';
  const container = previous ? runner.previous : runner.current;
  if (!container) {
    const words = previous
      ? `previous terminated container "${name}" in pod "${runner.name}" not found`
      : `container "${name}" in pod "${runner.name}" is waiting to start: ContainerCreating`;
    throw new ApiFailure(400, 'BadRequest', words);
  }
  const since = query.get('sinceTime');
  const tail = Number(query.get('tailLines') ?? Infinity);
  const shown = ({ time, text }: LogLine) =>
    `${query.get('timestamps') === 'true' ? `${time} ` : ''}${text}\n`;
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  const lines = container.log.filter(({ time }) => since === null || time >= since);
  for (const line of lines.slice(Number.isFinite(tail) ? -tail : 0)) response.write(shown(line));
  if (query.get('follow') !== 'true' || container.exitCode !== undefined) {
    response.end();
    return;
  }
  const write = (line: LogLine) => response.write(shown(line));
  const end = () => response.end();
  container.events.on('line', write).once('end', end);
  response.once('close', () => container.events.off('line', write).off('end', end));
}

/** Where a pod has several containers, the API does not guess. */
function containerIn({ name, containers }: PodRunner, asked: string | null): string {
  if (asked === null && containers.length > 1) {
    const words = `a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]`;
    throw new ApiFailure(400, 'BadRequest', words);
  }
  const found = asked ?? containers[0] ?? '';
  if (!containers.includes(found)) {
    throw new ApiFailure(400, 'BadRequest', `container ${found} is not valid for pod ${name}`);
  }
  return found;
}

import type { ServerResponse } from 'node:http';
import { ApiFailure } from './apiFailure';
import type { LogLine } from './containerProcess';
import type { PodRunner } from './podRunner';

/** Answers what a pod's container wrote, and with `follow` what it writes until it ends. */
export function sendLog(runner: PodRunner, query: URLSearchParams, response: ServerResponse): void {
  const previous = query.get('previous') === 'true';
  const container = previous ? runner.previous : runner.current;
  if (!container) {
    const words = previous
      ? `previous terminated container "server" in pod "${runner.name}" not found`
      : `container "server" in pod "${runner.name}" is waiting to start: ContainerCreating`;
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

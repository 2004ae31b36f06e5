import type Docker from 'dockerode';
import { inTime } from './inTime';

interface Options {
  abortSignal: AbortSignal;
}

/** `@types/dockerode` does not know that these take options. */
interface Asked {
  info(options: Options): Promise<unknown>;
  version(options: Options): Promise<Docker.DockerVersion>;
}

/** What an engine says of itself, as `docker info` shows it: who asks names what of it is looked at, as engines leave out much. */
export async function engineInfo<T>(docker: Docker, signal: AbortSignal): Promise<Partial<T>> {
  const asked = docker as unknown as Asked;
  return (await inTime(signal, (abortSignal) => asked.info({ abortSignal }))) as Partial<T>;
}

/** Which version an engine is, and on what it runs. `milliseconds` as for {@link inTime}. */
export function engineVersion(
  docker: Docker,
  signal: AbortSignal,
  milliseconds?: number,
): Promise<Docker.DockerVersion> {
  const asked = docker as unknown as Asked;
  return inTime(signal, (abortSignal) => asked.version({ abortSignal }), milliseconds);
}

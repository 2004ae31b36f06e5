import type Docker from 'dockerode';
import { maySpeakPlainly } from '../../docker/plainRegistries';
import { Registry } from './registry';
import type { Repository } from './repository';

/** The registry of a repository, spoken to without TLS only where an engine was told so. Throws as {@link Registry.open} does. */
export async function openRegistry(
  docker: Docker,
  repository: Repository,
  signal: AbortSignal,
): Promise<Registry> {
  return Registry.open(repository, signal, await maySpeakPlainly(docker, repository.host, signal));
}

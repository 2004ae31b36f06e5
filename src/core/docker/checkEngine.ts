import type Docker from 'dockerode';
import { UserError } from '../errors';
import { inWords } from './dockerErrors';
import { engineVersion } from './engineFacts';

/** How long an engine may take to say that it is there, in milliseconds. */
const patience = 5000;

/**
 * Resolves when an engine answers that can run our containers. `address` is for the words.
 * @throws UserError `engine-unreachable`, or `engine-refused` for one that can not
 */
export async function checkEngine(docker: Docker, address: string, signal: AbortSignal): Promise<void> {
  const { Os, ApiVersion } = await inWords(
    'use Docker',
    signal,
    () => engineVersion(docker, signal, patience),
    address,
  );
  if (Os !== 'linux') {
    const next = 'Switch Docker to Linux containers.';
    throw new UserError('engine-refused', `The Docker engine at ${address} runs ${Os} containers.`, next);
  }
  if (Number(ApiVersion.split('.')[1]) < 41) {
    const message = `The Docker engine at ${address} is older than 20.10.`;
    throw new UserError('engine-refused', message, 'Install Docker 20.10 or newer.');
  }
}

import type Docker from 'dockerode';
import { engineWords, isDiskFull } from '../../docker/dockerErrors';
import { findImage, inspectImage } from '../../docker/images';
import { followProgress } from '../../docker/progress';
import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import type { Platform } from '../baseImage';
import { engineIsAway } from './pushImage';
import { Registry } from './registry';
import { nameOf, parsePlace } from './repository';

/**
 * Makes an engine have the image at a place in a registry, with the credentials that Docker's configuration has for it. Resolves to the
 * image's id.
 * @param place `registry/name@sha256:…`
 * @param platform the machines that it is for; default: the engine's own
 * @throws UserError `registry-refused` when the registry does not give it
 */
export async function pullFrom(
  docker: Docker,
  place: string,
  task: TaskContext,
  platform?: Platform,
): Promise<string> {
  const found = await findImage(docker, place, task.signal);
  if (found) return found.Id;
  const parsed = parsePlace(place);
  if (!parsed) throw new UserError('image-missing', `The engine does not have ${place}.`, 'Deploy again.');
  const name = nameOf(parsed.repository);
  const registry = await Registry.open(parsed.repository, task.signal);
  task.report(`Pulling ${name}`);
  try {
    const options = { platform, authconfig: registry.engineAuth, abortSignal: task.signal };
    const stream = await docker.pull(place, options);
    const report = (words: string) => task.report(`Pulling ${name} (${words})`);
    await followProgress(stream, { signal: task.signal, report });
    return (await inspectImage(docker, place, task.signal)).Id;
  } catch (error) {
    task.signal.throwIfAborted();
    const words = engineWords(error);
    // Who only gives needs no room: it is the engine's disk.
    if (engineIsAway(error) || isDiskFull(words)) throw error;
    throw registry.refused('read from', words, error);
  }
}

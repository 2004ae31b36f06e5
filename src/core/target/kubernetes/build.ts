import { checkEngine } from '../../docker/checkEngine';
import { connect, engineAddress } from '../../docker/connect';
import { inWords } from '../../docker/dockerErrors';
import { buildImages, type Built } from '../../image/buildImages';
import type { TaskContext } from '../../task';
import type { ReleaseRequest } from '../target';
import type { ClusterTargetOptions } from './options';

/** Makes the images of a model on the engine that builds for a cluster. Resolves to their ids. */
export function buildForCluster(
  options: ClusterTargetOptions,
  { model }: ReleaseRequest,
  task: TaskContext,
): Promise<Built> {
  return inWords(`build the image of ${model.name}`, task.signal, async () => {
    const docker = connect(options.host);
    // A build itself may take long: one that is silent would never be given up.
    await checkEngine(docker, engineAddress(options.host), task.signal);
    return buildImages(docker, options, model, task);
  });
}

import { connect } from '../../docker/connect';
import { inWords } from '../../docker/dockerErrors';
import { checkPlatform } from '../../image/checkPlatform';
import { ensureImageFor } from '../../image/imageFor';
import { buildModelImage } from '../../image/modelImage';
import type { TaskContext } from '../../task';
import type { ReleaseRequest } from '../target';
import type { ClusterTargetOptions } from './options';

/** Makes the image of a model on the engine that builds for a cluster. Resolves to its id. */
export function buildForCluster(
  { host, platform, dist, nodeBase, pythonBase, version }: ClusterTargetOptions,
  { model }: ReleaseRequest,
  task: TaskContext,
): Promise<string> {
  return inWords(`build the image of ${model.name}`, task.signal, async () => {
    const docker = connect(host);
    const base = await ensureImageFor(docker, { dist, nodeBase, pythonBase, version }, model.path, task);
    await checkPlatform(docker, base, platform);
    return (await buildModelImage(docker, base, model, task)).digest;
  });
}

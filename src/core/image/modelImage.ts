import type Docker from 'dockerode';
import { createHash } from 'node:crypto';
import { basename, dirname, relative } from 'node:path';
import { slug } from '../docker/containers';
import { inWords } from '../docker/dockerErrors';
import { findImage } from '../docker/images';
import { labels } from '../docker/labels';
import type { ServedModel } from '../endpoint/endpoint';
import { UserError } from '../errors';
import { modelFiles } from '../model/hashModel';
import { isPython } from '../model/modelKind';
import type { TaskContext } from '../task';
import type { Platform } from './baseImage';
import { buildImage } from './buildImage';
import { contextFile } from './context';
import { inTurn } from './inTurn';
import { shortHash } from './runtimeImage';

const folder = '/slipway/model';

/**
 * The image that serves a model on port 8080: one layer on the runtime image. The same model, under the same name and on the same
 * runtime image, is not built again. `digest` is the image's id.
 * @param platform the machines that the runtime image was made for; undefined where none were asked for
 */
export async function buildModelImage(
  docker: Docker,
  runtimeTag: string,
  model: ServedModel,
  task: TaskContext,
  platform?: Platform,
): Promise<{ tag: string; digest: string }> {
  const { name, path, hash } = model;
  const command = serverCommand(model);
  const instructions = [`CMD ${JSON.stringify(command)}`, `COPY model ${folder}`];
  const tag = `slipway-model-${slug(name)}:${shortHash(runtimeTag, hash, ...instructions)}`;

  return inTurn(tag, task.signal, () =>
    inWords(`make the image of ${name}`, task.signal, async () => {
      const found = await findImage(docker, tag, task.signal);
      if (found) return { tag, digest: found.Id };
      const paths = await modelFiles(path, task.signal);
      const files = await Promise.all(
        paths.map((each) =>
          contextFile(`model/${relative(dirname(path), each).replaceAll('\\', '/')}`, each),
        ),
      );
      const digest = createHash('sha256');
      const build = {
        what: `the image of ${name}`,
        tag,
        from: runtimeTag,
        platform,
        labels: { [labels.kind]: 'model', [labels.model]: name, [labels.modelHash]: hash },
        instructions,
        files,
        read: (piece: Buffer) => void digest.update(piece),
        verify: () => {
          if (digest.digest('hex') !== hash) throw changed(path);
        },
      };
      return { tag, digest: await buildImage(docker, build, task) };
    }),
  );
}

/** What a model's server is started with inside of its image. */
export function serverCommand({ name, path, hash, serverArguments = [] }: ServedModel): string[] {
  const where = ['--host', '0.0.0.0', '--port', '8080'];
  return [
    '--model',
    `${folder}/${basename(path)}`,
    '--name',
    name,
    '--hash',
    hash,
    ...where,
    // Of two that say so, the later one counts.
    ...(isPython(path) ? ['--network', 'none'] : []),
    ...serverArguments,
  ];
}

/** The label would lie. */
function changed(path: string): UserError {
  return new UserError(
    'build-failed',
    `${basename(path)} was changed while its image was built.`,
    'Try again.',
  );
}

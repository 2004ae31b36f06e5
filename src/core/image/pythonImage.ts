import type Docker from 'dockerode';
import { inWords } from '../docker/dockerErrors';
import { findImage } from '../docker/images';
import { labels } from '../docker/labels';
import type { TaskContext } from '../task';
import { ensureBase, platformOf } from './baseImage';
import { buildImage } from './buildImage';
import { filesBelow, textFile } from './context';
import { inTurn } from './inTurn';
import { pythonNeeds } from './pythonNeeds';
import {
  entrypoint,
  hashOf,
  memorySettings,
  serverFolder,
  shortHash,
  type RuntimeOptions,
} from './runtimeImage';

export interface PythonImageOptions extends RuntimeOptions {
  /** Image with Python that it is built on. */
  pythonBase: string;
}

const site = `${serverFolder}/site`;
const nobody = 'USER 65534:65534';
const install = [
  'python3',
  `${serverFolder}/python/slipway_install.py`,
  `${serverFolder}/requirements.txt`,
  site,
];

/** Each of these costs a step of the build. */
const recipe = [
  'COPY --from=node /usr/local/bin/node /usr/local/bin/node',
  `ENV PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=${site} ${memorySettings}`,
  nobody,
  entrypoint,
  `COPY slipway ${serverFolder}`,
];

/**
 * The image that a pickle runs on: Python, the server and its Python worker, and on that one layer with the packages that the model
 * needs, which models with the same needs share. Resolves to its tag.
 */
export async function ensurePythonImage(
  docker: Docker,
  options: PythonImageOptions,
  path: string,
  task: TaskContext,
): Promise<string> {
  const { packages, python } = await pythonNeeds(path, task.signal);
  const command = [...install, ...(python === undefined ? [] : [python])];
  const runtime = await ensurePythonRuntime(docker, options, task);
  const tag = `slipway-packages:${shortHash(runtime, ...packages)}`;
  return inTurn(tag, task.signal, () =>
    inWords('install the packages of the model', task.signal, async () => {
      if (await findImage(docker, tag, task.signal)) return tag;
      const requirements = textFile('requirements.txt', `${packages.join('\n')}\n`);
      const build = {
        what: "the image with the model's packages",
        tag,
        from: runtime,
        platform: options.platform,
        labels: { [labels.kind]: 'packages' },
        instructions: [
          'USER root',
          `COPY requirements.txt ${serverFolder}/requirements.txt`,
          `RUN ${JSON.stringify(command)}`,
          nobody,
        ],
        files: [requirements],
      };
      await buildImage(docker, build, task);
      return tag;
    }),
  );
}

async function ensurePythonRuntime(
  docker: Docker,
  options: PythonImageOptions,
  task: TaskContext,
): Promise<string> {
  const { dist, nodeBase, pythonBase, version, platform } = options;
  const base = (image: string, setting: string) => ensureBase(docker, { image, setting, platform }, task);
  return inTurn(`${dist}\n${nodeBase}\n${pythonBase}\n${platform}`, task.signal, () =>
    inWords('make the runtime image for Python', task.signal, async () => {
      const node = await base(nodeBase, 'slipway.image.nodeBase');
      const python = await base(pythonBase, 'slipway.image.pythonBase');
      const files = await filesBelow(dist, (path) => path === 'server.js' || /^python\/\w+\.py$/.test(path));
      const content = await hashOf(files);
      const tag = `slipway-python:${shortHash(content, pythonBase, python.info.Id, node.info.Id, recipe.join('\n'))}`;
      if (await findImage(docker, tag, task.signal)) return tag;
      const build = {
        what: 'the runtime image for Python',
        tag,
        stages: [`FROM ${node.name} AS node`],
        from: python.name,
        platform,
        labels: {
          [labels.kind]: 'runtime',
          [labels.content]: content,
          [labels.base]: pythonBase,
          [labels.platform]: platformOf(python.info),
          [labels.version]: version,
        },
        instructions: recipe,
        files: files.map((file) => ({ ...file, name: `slipway/${file.name}` })),
      };
      await buildImage(docker, build, task);
      return tag;
    }),
  );
}

import type Docker from 'dockerode';
import { asUserError, engineWords } from '../docker/dockerErrors';
import { amount, followProgress } from '../docker/progress';
import { UserError } from '../errors';
import type { TaskContext } from '../task';
import { packContext, type ContextFile } from './context';
import { labelLine } from './dockerfile';

export interface Build {
  /** What is built, for people: `the image of iris`. */
  what: string;
  tag: string;
  /** Image that it is built on; the engine has it. */
  from: string;
  /** Lines before `FROM`: stages that files are copied from. */
  stages?: string[];
  labels: Record<string, string>;
  /** Lines of the Dockerfile after `FROM` and `LABEL`. */
  instructions: string[];
  files: ContextFile[];
  /** Sees each piece of each file, in order. */
  read?: (piece: Buffer) => void;
  /** Called when all is read and before the engine may use it: throws when it is not what it should be. */
  verify?: () => void;
}

/** Builds an image and resolves to its id. Cancelled or failed, it leaves nothing. */
export async function buildImage(docker: Docker, build: Build, task: TaskContext): Promise<string> {
  const { signal } = task;
  try {
    return await send(docker, build, task);
  } catch (error) {
    await tidyUp(docker, build);
    signal.throwIfAborted();
    const told = asUserError(error, `build ${build.what}`);
    if (told.code !== 'engine-refused' && told.code !== 'image-missing') throw told;
    throw new UserError(
      'build-failed',
      `Slipway could not build ${build.what}: ${engineWords(error).replace(/\.?$/, '.')}`,
      'Look at the log for the details.',
      { cause: error },
    );
  }
}

async function send(docker: Docker, build: Build, task: TaskContext): Promise<string> {
  const { signal } = task;
  const doing = `Building ${build.what}`;
  const total = build.files.reduce((sum, { size }) => sum + size, 0);
  let current = 0;
  let reported = '';
  const dockerfile = [
    ...(build.stages ?? []),
    `FROM ${build.from}`,
    labelLine(build.labels),
    ...build.instructions,
    '',
  ].join('\n');
  const read = (piece: Buffer) => {
    current += piece.length;
    build.read?.(piece);
    const words = `${doing} (${amount([{ current, total }])})`;
    if (words !== reported) task.report((reported = words));
  };
  task.report(doing);
  const context = packContext(dockerfile, build.files, read, build.verify, signal);
  try {
    // The classic builder: the other one needs a session, and what is built here has nothing to gain from it.
    const options = { t: build.tag, version: '1', rm: true, forcerm: true, abortSignal: signal } as const;
    const stream = await docker.buildImage(context, options);
    const output = (line: string) => task.report(`${doing}: ${line}`);
    await followProgress(stream, { signal, report: () => undefined }, output);
  } finally {
    context.destroy();
  }
  return (await docker.getImage(build.tag).inspect()).Id;
}

/** Each step leaves an image without a name until the last one gives it one. */
async function tidyUp(docker: Docker, { labels }: Build): Promise<void> {
  const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  await docker.pruneImages({ filters: { dangling: ['true'], label } }).catch(() => undefined);
}

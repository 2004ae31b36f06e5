import type Docker from 'dockerode';
import { asUserError, engineWords } from '../docker/dockerErrors';
import { inspectImage } from '../docker/images';
import { labels } from '../docker/labels';
import { amount, followProgress } from '../docker/progress';
import { UserError } from '../errors';
import type { TaskContext } from '../task';
import type { Platform } from './baseImage';
import { noted } from './buildNotes';
import { packContext, type ContextFile } from './context';
import { labelLine } from './dockerfile';

export interface Build {
  /** What is built, for people: `the image of iris`. */
  what: string;
  tag: string;
  /** Image that it is built on; the engine has it. */
  from: string;
  /** The machines that it is for; undefined for those that `from` is for. */
  platform?: Platform;
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
    return await noted(docker, named(build), task, (id) =>
      send(docker, { ...build, labels: { ...build.labels, [labels.build]: id } }, task),
    );
  } catch (error) {
    signal.throwIfAborted();
    const told = asUserError(error, `build ${named(build)}`);
    if (told.code !== 'engine-refused' && told.code !== 'image-missing') throw told;
    throw new UserError(
      'build-failed',
      `Slipway could not build ${named(build)}: ${engineWords(error).replace(/\.?$/, '.')}`,
      'Look at the log for the details.',
      { cause: error },
    );
  }
}

/** `the image of iris for linux/arm64` */
function named({ what, platform }: Build): string {
  return platform ? `${what} for ${platform}` : what;
}

/** Source: https://docs.docker.com/build/building/multi-platform/#qemu */
function notRunnable(build: Build, cause: unknown): UserError {
  return new UserError(
    'build-failed',
    `Slipway could not build ${named(build)}: a step of it has to run, and the engine can not run what was made for other machines.`,
    "Build on an engine that runs on such machines, or install QEMU on the engine's machine: docker run --privileged --rm tonistiigi/binfmt --install all",
    { cause },
  );
}

async function send(docker: Docker, build: Build, task: TaskContext): Promise<string> {
  const { signal } = task;
  const doing = `Building ${named(build)}`;
  const total = build.files.reduce((sum, { size }) => sum + size, 0);
  let current = 0;
  let reported = '';
  let foreign = false;
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
    const { tag: t, platform } = build;
    const options = { t, platform, version: '1', rm: true, forcerm: true, abortSignal: signal } as const;
    const stream = await docker.buildImage(context, options);
    const output = (line: string) => {
      foreign ||= /exec format error/i.test(line);
      task.report(`${doing}: ${line}`);
    };
    await followProgress(stream, { signal, report: () => undefined }, output);
  } catch (error) {
    throw foreign ? notRunnable(build, error) : error;
  } finally {
    context.destroy();
  }
  return (await inspectImage(docker, build.tag, signal)).Id;
}

import type { Release } from '../target/target';

/** What a release is named by over all targets. */
export interface ReleaseName {
  target: string;
  model: string;
  revision: number;
}

/** Reads `staging/iris/3`; undefined when it names no release. */
export function parseReleaseId(id: string): ReleaseName | undefined {
  const [, target, model, revision] = /^([^/]+)\/([^/]+)\/(\d+)$/.exec(id) ?? [];
  return target && model ? { target, model, revision: Number(revision) } : undefined;
}

/** `staging/iris/3` */
export function releaseId({ target, model, revision }: ReleaseName): string {
  return `${target}/${model}/${String(revision)}`;
}

/** `iris r3` */
export function shortName({ model, revision }: ReleaseName): string {
  return `${model} r${String(revision)}`;
}

/** `revision 3 of iris` */
export function releaseWords({ revision, model }: Pick<Release, 'revision' | 'model'>): string {
  return `revision ${String(revision)} of ${model.name}`;
}

import type { DeployTask } from '../../../src/core/release/deploy';
import { docker, taskOf } from '../target/support';

/** A task of a deploy that keeps what it is told, line by line: what is reported, and each step as `push done …`. */
export function listening(signal?: AbortSignal, onSaid?: (line: string) => void) {
  const said: string[] = [];
  const say = (line: string) => {
    said.push(line);
    onSaid?.(line);
  };
  const task: DeployTask = {
    ...taskOf(signal),
    report: say,
    onStep: (step, state, detail) => say(`${step} ${state} ${detail ?? ''}`),
  };
  return { said, task };
}

/** What images on the engine are called by a registry: `127.0.0.1:5000/iris:tag` and `127.0.0.1:5000/iris@sha256:…`. */
export async function namesBy(host: string): Promise<string[]> {
  const images = await docker.listImages();
  const names = images.flatMap(({ RepoTags, RepoDigests }) => [...(RepoTags ?? []), ...(RepoDigests ?? [])]);
  return names.filter((name) => name.startsWith(`${host}/`));
}

/** Takes the names away that images have by a registry. */
export async function forgetImages(host: string): Promise<void> {
  for (const name of await namesBy(host)) {
    // With the last tag of an image its digests go by themselves.
    await docker
      .getImage(name)
      .remove()
      .catch((error: { statusCode?: number }) => {
        if (error.statusCode !== 404) throw error;
      });
  }
}

/** The tags of a repository on a registry without TLS; none where there is no such repository. */
export async function tagsOf(host: string, repository: string): Promise<string[]> {
  const answer = await fetch(`http://${host}/v2/${repository}/tags/list`);
  const { tags } = (await answer.json()) as { tags?: string[] | null };
  return (tags ?? []).sort();
}

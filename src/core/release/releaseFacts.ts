import type { ReleaseFacts, Revision } from '../protocol/release';
import type { Release, Target } from '../target/target';
import { releaseActions } from './releaseActions';
import { releaseSteps } from './releaseSteps';
import { isGroup, settingsOf } from '../target/settingsOf';

/**
 * What the page of a release shows.
 * @param line all revisions of its model on its target, the newest first
 */
export function releaseFacts(
  release: Release,
  line: readonly Release[],
  target: Pick<Target, 'push' | 'setTraffic' | 'scale'>,
): ReleaseFacts {
  const { model, revision, state, health, detail, traffic, replicas, note, author, commit } = release;
  const { digest, samplesHash, url, stableUrl, proof, proofSamples = [] } = release;
  return {
    ...{ revision, target: release.target, state, health, detail, traffic, replicas, note, author, commit },
    ...{ digest, samplesHash, url, stableUrl },
    // Not the arguments of its server: they are not for this page.
    model: { name: model.name, path: model.path, hash: model.hash },
    created: release.created.getTime(),
    ...(proof !== undefined && { proof: { words: proof, samples: proofSamples } }),
    settings: flatten(settingsOf(release)),
    steps: releaseSteps(release, target),
    actions: releaseActions(release, line, target),
    others: line.filter(({ id }) => id !== release.id).map(revisionOf),
  };
}

function revisionOf({ id, revision, state, health, traffic, note, created }: Release): Revision {
  return { id, revision, state, health, traffic, note, created: created.getTime() };
}

/** Settings, one name each. */
function flatten(group: object, path = ''): ReleaseFacts['settings'] {
  return Object.entries(group).flatMap(([key, value]: [string, unknown]) => {
    if (isGroup(value)) return flatten(value, `${path}${key}.`);
    return [{ name: path + key, value: typeof value === 'string' ? value : JSON.stringify(value) }];
  });
}

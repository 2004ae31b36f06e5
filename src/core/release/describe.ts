import type { Change, Release } from '../target/target';
import { settingsOf } from '../target/settingsOf';

/** All that a target says about a release, as YAML, so that two releases can be compared line by line. */
export function describeRelease(release: Release): string {
  const { model, revision, target, state, health, detail, traffic, replicas } = release;
  const { note, author, created, commit, samplesHash, digest, url, stableUrl, proof } = release;
  const { proofSamples = [] } = release;
  return yaml({
    release: `${model.name} r${revision} on ${target}`,
    state: traffic > 0 ? `${state}, ${traffic} % of the traffic` : state,
    health: detail ? `${health}: ${detail}` : health,
    replicas: replicas && `${replicas.ready} of ${replicas.wanted} ready`,
    note,
    deployed: `${created.toISOString()} by ${author}`,
    commit,
    model: model.path,
    'model hash': model.hash,
    'samples hash': samplesHash,
    proven: proof,
    samples: Object.fromEntries(proofSamples.map(({ name, result }) => [name, result])),
    image: digest,
    'stable url': stableUrl,
    'own url': url,
    settings: settingsOf(release),
  });
}

/** What a deploy would change, as a diff. */
export function describePlan(title: string, changes: Change[]): string {
  const signs = { create: '+', change: '~', remove: '-' };
  const parts = changes.map(({ action, what, diff }) =>
    [`@@ ${signs[action]} ${action} ${what} @@`, ...(diff ? [diff] : [])].join('\n'),
  );
  return [`# ${title}`, ...parts, ''].join('\n\n');
}

function yaml(facts: Record<string, unknown>, indent = ''): string {
  return Object.entries(facts)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => {
      if (typeof value !== 'object' || value === null) return `${indent}${plain(key)}: ${plain(value)}\n`;
      if (Array.isArray(value)) return `${indent}${plain(key)}: ${JSON.stringify(value)}\n`;
      const group = yaml(value as Record<string, unknown>, `${indent}  `);
      return group && `${indent}${plain(key)}:\n${group}`;
    })
    .join('');
}

/** Text that YAML would take for something else stands in quotes. */
function plain(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^[\w/.][\w/. @%:,+()-]*$/.test(value) && !/: |:$| $/.test(value) ? value : JSON.stringify(value);
}

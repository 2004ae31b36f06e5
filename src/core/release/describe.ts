import { healthNames } from '../protocol/health';
import type { Change, Release, Standing } from '../target/target';
import { settingsOf } from '../target/settingsOf';

/** All that a target says about a release, as YAML, so that two releases can be compared line by line. */
export function describeRelease(release: Release): string {
  const { model, revision, target, state, health, detail, traffic, replicas } = release;
  const { note, author, created, commit, samplesHash, digest, url, stableUrl, proof } = release;
  const { proofSamples = [] } = release;
  return yaml({
    release: `${model.name} r${revision} on ${target}`,
    state: traffic > 0 ? `${state}, ${traffic} % of the traffic` : state,
    health: [healthNames[health], detail].filter(Boolean).join(': '),
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

/** What a deploy would change, and how its target stands. */
export interface Plan {
  standing: Standing;
  changes: Change[];
}

/** What a deploy would change, as a diff, below what its target says of us. */
export function describePlan(title: string, { standing, changes }: Plan): string {
  const signs = { create: '+', change: '~', remove: '-' };
  const parts = changes.map(({ action, what, diff }) =>
    [`@@ ${signs[action]} ${action} ${what} @@`, ...(diff ? [diff] : [])].join('\n'),
  );
  const said = standingWords(standing).map((line) => `# ${line}`);
  return [`# ${title}`, ...(said.length > 0 ? [said.join('\n')] : []), ...parts, ''].join('\n\n');
}

/** As whom we are known to a target, until when, and what it warns of, in sentences. */
function standingWords({ identity, expires, warnings }: Standing): string[] {
  return [
    ...(identity === undefined ? [] : [`You are known there as ${identity}.`]),
    ...(expires ? [`What you are known by holds until ${expires.toISOString().slice(0, 10)}.`] : []),
    ...warnings,
  ];
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

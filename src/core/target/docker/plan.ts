import { findImage } from '../../docker/images';
import { settingsOf } from '../settingsOf';
import type { Change, ReleaseNotes, ReleaseRequest } from '../target';
import { nextRevision } from './candidate';
import { networkName, proxyName, releaseName } from './names';
import { urlOf } from './ports';
import { proxyOf } from './proxy';
import { listReleaseContainers, type ReleaseContainer } from './releaseContainers';
import type { Site } from './site';
import { servingOf } from './routes';

/** What a deploy and its promotion would do on the engine. */
export async function planOn(site: Site, request: ReleaseRequest, signal: AbortSignal): Promise<Change[]> {
  const of = { target: site.target, model: request.model.name };
  const [containers, proxy, revision] = await Promise.all([
    listReleaseContainers(site.docker, of, signal),
    proxyOf(site.docker, of, signal),
    nextRevision(site, of.model, signal),
  ]);
  const serving = containers.find((container) => container.revision === servingOf(proxy?.routes));
  const container = releaseName(of.target, of.model, revision);
  return [
    ...(containers.length === 0
      ? [{ action: 'create' as const, what: `network ${networkName(of.target)}` }]
      : []),
    { action: 'create', what: `container ${container}`, diff: differences(serving, request, site.settings) },
    await addressChange(site, of, proxy?.port, serving, revision, signal),
    ...(serving
      ? [{ action: 'change' as const, what: `container ${nameOf(serving)} is stopped and kept` }]
      : []),
  ];
}

async function addressChange(
  site: Site,
  of: { target: string; model: string },
  port: number | undefined,
  serving: ReleaseContainer | undefined,
  revision: number,
  signal: AbortSignal,
): Promise<Change> {
  const wanted = site.ports[of.model] ?? port;
  const address = wanted === undefined ? 'a free port' : await urlOf(site.publishing, wanted);
  if (port === undefined) {
    const pulled = (await findImage(site.docker, site.proxyImage, signal))
      ? ''
      : `, whose image ${site.proxyImage} is pulled`;
    return { action: 'create', what: `proxy ${proxyName(of.target, of.model)} at ${address}${pulled}` };
  }
  const moved = wanted !== port ? [`- ${await urlOf(site.publishing, port)}`, `+ ${address}`] : [];
  const from = serving ? [`- revision ${String(serving.revision)}`] : [];
  return {
    action: 'change',
    what: `traffic of ${address}`,
    diff: [...moved, ...from, `+ revision ${String(revision)}`].join('\n'),
  };
}

function differences(
  serving: ReleaseContainer | undefined,
  request: ReleaseRequest,
  settings: string,
): string {
  const after = described(request.model.hash, request, settings);
  if (!serving) return after.map((line) => `+ ${line}`).join('\n');
  const before = described(serving.model.hash, serving.notes, serving.settings);
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.map((line) => `${before.includes(line) ? ' ' : '+'} ${line}`),
  ].join('\n');
}

function described(hash: string, { note, commit, samplesHash }: ReleaseNotes, settings?: string): string[] {
  const facts = { model: hash, samples: samplesHash, commit, note, ...settingsOf({ settings }) };
  return Object.entries(facts).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [`${key}: ${String(value)}`],
  );
}

function nameOf({ target, model, revision }: ReleaseContainer): string {
  return releaseName(target, model.name, revision);
}

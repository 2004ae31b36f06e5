import * as vscode from 'vscode';
import type { Endpoint } from '../../core/endpoint/endpoint';
import { UserError } from '../../core/errors';
import type { MetricsSource } from '../../core/metrics/source';
import type { Release } from '../../core/target/target';
import type { MetricsPanels } from '../metrics/metricsPanel';
import { endpointLine, releaseLine } from '../picks';
import type { Services } from '../services';
import { endpointOf, releaseOf, type Given } from './subject';

/** What can be watched: endpoints, stable addresses of releases, and revisions that have no traffic. */
export class MetricsSources {
  constructor(private readonly services: Services) {}

  /** The source of this id, as it is known now; undefined while it is not. */
  readonly resolve = (id: string): MetricsSource | undefined => this.all().find((source) => source.id === id);

  all(): MetricsSource[] {
    const { endpoints, targets } = this.services;
    const releases = targets.targets().flatMap((target) => targets.releases(target));
    return [
      ...endpoints.list().map((endpoint) => this.ofEndpoint(endpoint)),
      ...releases.map((release) => this.ofRelease(release)),
    ];
  }

  ofEndpoint({ id, model, engine }: Endpoint): MetricsSource {
    const { endpoints } = this.services;
    return {
      id,
      label: `${model.name} (${engine})`,
      url: () => endpoints.list().find((endpoint) => endpoint.id === id)?.url,
    };
  }

  /** Of a serving release: its stable address, which goes on over later deploys; they are its marks. */
  ofRelease(release: Release): MetricsSource {
    if (release.state !== 'serving') {
      const { id, model, revision, target } = release;
      const find = () => this.#releases(target).find((candidate) => candidate.id === id);
      return { id, label: `${model.name} r${revision} on ${target}`, url: () => find()?.url };
    }
    const { target, model } = release;
    const line = () => this.#releases(target).filter((candidate) => candidate.model.name === model.name);
    return {
      id: `${target}/${model.name}`,
      label: `${model.name} on ${target}`,
      url: () => line().find(({ stableUrl }) => stableUrl)?.stableUrl,
      deploys: () =>
        line()
          .filter(({ state }) => state === 'serving' || state === 'retired')
          .map(({ created, revision }) => ({ at: created, label: `r${revision}` })),
    };
  }

  #releases(name: string): Release[] {
    const target = this.services.targets.get(name);
    return target ? this.services.targets.releases(target) : [];
  }
}

/** *Open Metrics*: of an endpoint or release, or of several that the person picks. */
export async function openMetrics(
  services: Services,
  sources: MetricsSources,
  panels: MetricsPanels,
  given: Given,
): Promise<void> {
  const endpoint = endpointOf(given);
  const release = releaseOf(given);
  if (endpoint) return panels.open([sources.ofEndpoint(endpoint)]);
  if (release) return panels.open([sources.ofRelease(release)]);
  await Promise.all([services.endpoints.refresh(), services.targets.refresh()]);
  const running = services.endpoints.list().filter(({ url }) => url);
  const releases = services.targets.targets().flatMap((target) => services.targets.releases(target));
  const items = [
    ...running.map((one) => ({ ...endpointLine(one), source: sources.ofEndpoint(one) })),
    ...releases
      .filter(({ url }) => url)
      .map((one) => ({ ...releaseLine(one), source: sources.ofRelease(one) })),
  ];
  const first = items[0];
  if (!first) {
    throw new UserError(
      'endpoint-gone',
      'Nothing runs that could be watched.',
      'Serve or deploy a model first.',
    );
  }
  if (items.length === 1) return panels.open([first.source]);
  const options = {
    placeHolder: 'Metrics of what? Several are shown side by side.',
    canPickMany: true as const,
  };
  const picked = await vscode.window.showQuickPick(items, options);
  panels.open((picked ?? []).map(({ source }) => source));
}

import type { Endpoint } from '../core/endpoint/endpoint';
import type { MetricsSource } from '../core/metrics/source';
import type { Release } from '../core/target/target';
import type { Running } from './picks';
import type { Services } from './services';

/** How long to wait before looking again for what is not known, in milliseconds. */
const lookEvery = 5000;

/** What can be watched: endpoints, stable addresses of releases, and revisions that have no traffic. */
export class MetricsSources {
  #looked = 0;

  constructor(private readonly services: Pick<Services, 'endpoints' | 'targets'>) {}

  /** The source of this id, as it is known now; undefined while it is not. */
  readonly resolve = (id: string): MetricsSource | undefined =>
    this.#all().find((source) => source.id === id) ?? this.#lookAgain();

  of(running: Running): MetricsSource {
    return running.kind === 'endpoint'
      ? this.#ofEndpoint(running.endpoint)
      : this.#ofRelease(running.release);
  }

  #ofEndpoint({ id, model, engine }: Endpoint): MetricsSource {
    const { endpoints } = this.services;
    return {
      id,
      label: `${model.name} (${engine})`,
      url: () => endpoints.list().find((endpoint) => endpoint.id === id)?.url ?? this.#lookAgain(),
    };
  }

  /** Of a serving release: its stable address, which goes on over later deploys; they are its marks. */
  #ofRelease(release: Release): MetricsSource {
    const { id, target, model, revision, state } = release;
    if (state !== 'serving') {
      const url = () => this.#releases(target).find((candidate) => candidate.id === id)?.url;
      return { id, label: `${model.name} r${revision} on ${target}`, url: () => url() ?? this.#lookAgain() };
    }
    const line = () => this.#releases(target).filter((candidate) => candidate.model.name === model.name);
    return {
      id: `${target}/${model.name}`,
      label: `${model.name} on ${target}`,
      url: () => line().find(({ stableUrl }) => stableUrl)?.stableUrl ?? this.#lookAgain(),
      deploys: () =>
        line()
          .filter((candidate) => candidate.state === 'serving' || candidate.state === 'retired')
          .map(({ created, revision }) => ({ at: created, label: `r${revision}` })),
    };
  }

  #all(): MetricsSource[] {
    const { endpoints, targets } = this.services;
    const releases = targets.targets().flatMap((target) => targets.releases(target));
    return [
      ...endpoints.list().map((endpoint) => this.#ofEndpoint(endpoint)),
      ...releases.map((release) => this.#ofRelease(release)),
    ];
  }

  #releases(name: string): Release[] {
    const target = this.services.targets.get(name);
    return target ? this.services.targets.releases(target) : [];
  }

  /** A panel may be the only one who asks: after a reload of the window, or while the views are hidden. */
  #lookAgain(): undefined {
    if (Date.now() - this.#looked < lookEvery) return undefined;
    this.#looked = Date.now();
    void this.services.endpoints.refresh();
    void this.services.targets.refresh();
    return undefined;
  }
}

import type { Subject } from './addressManifests';
import type { Forwards } from './forwards';
import { podLabels } from './names';
import { kinds, type Pod } from './objects';
import type { Links } from './releaseState';
import { isReady, listRevisions } from './revisions';
import { runs } from './podWords';
import { hasRoutes, type Site } from './site';
import { readAddress } from './traffic';

/** How long the choice of pods holds, in milliseconds: what has no traffic any more still runs for longer than that. */
const CHOICE_MS = 500;

/** Pods that share a part of the traffic. */
interface Share {
  weight: number;
  pods: string[];
}

interface Choice {
  until: number;
  shares: Promise<Share[]>;
}

/** The addresses on this machine that lead to a target's pods. */
export class ReleaseLinks {
  readonly #choices = new Map<string, Choice>();

  constructor(
    private readonly site: Site,
    private readonly forwards: Forwards,
  ) {}

  /** `running`: whether the revision itself can be reached; `stable`: whether its model has a stable address. */
  async of(of: Subject, revision: number, running: boolean, stable: boolean): Promise<Links> {
    const links: Links = {};
    if (running) {
      const key = revisionKey(of, revision);
      links.url = await this.forwards.urlOf(
        key,
        this.#remembered(key, (signal) => this.#podsOf(of, revision, signal)),
      );
    }
    if (stable) {
      const key = stableKey(of);
      links.stableUrl = await this.forwards.urlOf(
        key,
        this.#remembered(key, (signal) => this.#serving(of, signal)),
      );
    }
    return links;
  }

  /** Closes the addresses of what was not there any more at a time, and lets the next connections look anew who has the traffic. */
  keepOnly(
    revisions: { of: Subject; revision: number; running: boolean; stable: boolean }[],
    time: number,
  ): void {
    const wanted = new Set(
      revisions.flatMap(({ of, revision, running, stable }) => [
        ...(running ? [revisionKey(of, revision)] : []),
        ...(stable ? [stableKey(of)] : []),
      ]),
    );
    this.forwards.keep((key) => wanted.has(key), time);
    this.forget();
  }

  /** The next connections look anew who has the traffic. */
  forget(): void {
    this.#choices.clear();
  }

  /** Each connection draws anew among the pods of a choice. */
  #remembered(key: string, find: (signal: AbortSignal) => Promise<Share[]>) {
    return async (signal: AbortSignal, fresh: boolean): Promise<string[]> => {
      let choice = this.#choices.get(key);
      if (!choice || fresh || choice.until < Date.now()) {
        choice = { until: Date.now() + CHOICE_MS, shares: find(signal) };
        this.#choices.set(key, choice);
        choice.shares.catch(() => this.#choices.delete(key));
      }
      return drawn(await choice.shares);
    };
  }

  /** A candidate is asked whether it is ready, so that pods which are not yet take connections too. */
  async #podsOf(of: Subject, revision: number, signal: AbortSignal): Promise<Share[]> {
    const records = await listRevisions(this.site.api, of, signal);
    const pods = records.find((record) => record.revision === revision)?.pods ?? [];
    const ready = pods.filter(isReady);
    const running = pods.filter((pod) => runs(pod) && pod.metadata.deletionTimestamp === undefined);
    return [{ weight: 1, pods: namesOf(ready.length > 0 ? ready : running) }];
  }

  async #serving(of: Subject, signal: AbortSignal): Promise<Share[]> {
    const { api } = this.site;
    const routed = hasRoutes(this.site);
    const address = await readAddress(api, of, routed, signal);
    if (!address) return [];
    const { canary, serving } = address.traffic;
    const share = async (labels: Record<string, string>, weight: number) => {
      const pods = await api.list<Pod>(kinds.pod, labels, signal);
      return { weight, pods: namesOf(pods.filter(isReady)) };
    };
    if (!routed) return [await share(address.service.spec.selector ?? podLabels(of, serving), 1)];
    // As the Gateway divides it.
    const part = canary?.percent ?? 0;
    return Promise.all([
      share(podLabels(of, serving), 100 - part),
      ...(canary ? [share(podLabels(of, canary.revision), part)] : []),
    ]);
  }
}

function revisionKey({ model }: Subject, revision: number): string {
  return `${model}/${String(revision)}`;
}

function stableKey({ model }: Subject): string {
  return model;
}

function namesOf(pods: Pod[]): string[] {
  return pods.map(({ metadata }) => metadata.name);
}

/** The pods of one share, drawn by the weights, in any order. */
function drawn(shares: Share[]): string[] {
  let place = Math.random() * shares.reduce((sum, { weight }) => sum + weight, 0);
  const share = shares.find(({ weight }) => (place -= weight) < 0);
  return (share?.pods ?? [])
    .map((name) => ({ name, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ name }) => name);
}

import * as vscode from 'vscode';
import type { Endpoint } from '../core/endpoint/endpoint';
import { UserError, whyOf } from '../core/errors';
import type { Release, Target } from '../core/target/target';
import { askPick } from './ask';
import { lookAgain } from './lookAgain';
import type { Services } from './services';

/** Something that serves a model, here or on a target. */
export type Running = { kind: 'endpoint'; endpoint: Endpoint } | { kind: 'release'; release: Release };

/** A line of a quick pick that stands for something; a separator stands for nothing, nor does a target that is `away`. */
export type Choice<T> = vscode.QuickPickItem & { one?: T; away?: Error };

/** Asks for an endpoint; a single one is taken without asking. Undefined when the person picks none. */
export async function pickEndpoint(
  { endpoints }: Services,
  placeHolder: string,
  fits: (endpoint: Endpoint) => boolean = () => true,
): Promise<Endpoint | undefined> {
  await endpoints.refresh();
  const all = endpoints.list().filter(fits);
  if (all.length === 0)
    throw new UserError('endpoint-gone', 'No endpoint runs.', 'Start one with “Serve Model”.');
  return pick(all.map(endpointChoice), placeHolder);
}

/**
 * Asks for a release; a single one is taken without asking, unless a target is away that may have another. Undefined when the person picks none.
 * @throws where there is none: the error of a target that is away, if one is
 */
export async function pickRelease(
  services: Services,
  placeHolder: string,
  fits: (release: Release) => boolean = () => true,
): Promise<Release | undefined> {
  await services.syncTargets();
  await lookAgain(() => services.targets.refresh());
  const all = allReleases(services).filter(fits);
  const away = services.targets.away();
  if (all.length === 0)
    throw (
      away[0]?.error ?? new UserError('release-missing', 'There is no such release.', 'Deploy a model first.')
    );
  return pick([...all.map(releaseChoice), ...away.map(awayLine)], placeHolder);
}

/** Asks for an endpoint or a release that has an address; a single one is taken as {@link pickRelease} does it. */
export async function pickRunning(services: Services, placeHolder: string): Promise<Running | undefined> {
  return pick(await runningChoices(services), placeHolder);
}

/** Everything that has an address, as lines of a quick pick. Throws as {@link pickRelease} when there is nothing. */
export async function runningChoices(services: Services): Promise<Choice<Running>[]> {
  // What is wrong with slipway.json does not matter to who wants an endpoint.
  await services.syncTargets().catch(() => undefined);
  await lookAgain(() => Promise.all([services.endpoints.refresh(), services.targets.refresh()]));
  const endpoints = services.endpoints.list().filter(({ url }) => url);
  const releases = allReleases(services).filter(({ url }) => url);
  const away = services.targets.away();
  if (endpoints.length + releases.length === 0)
    throw away[0]?.error ?? new UserError('endpoint-gone', 'Nothing runs.', 'Serve or deploy a model first.');
  return [
    ...section(
      'Endpoints',
      endpoints.map((one) => ({ ...endpointChoice(one), one: { kind: 'endpoint', endpoint: one } })),
    ),
    ...section(
      'Releases',
      releases.map((one) => ({ ...releaseChoice(one), one: { kind: 'release', release: one } })),
    ),
    ...away.map(awayLine),
  ];
}

export interface TargetQuestion {
  placeHolder: string;
  /** Which targets can do it; default: all. */
  fits?: (target: Target) => boolean;
  /** Why none of the targets that there are can. */
  unfit?: UserError;
}

/** Asks for a target, also when there is only one: where something goes is worth a look. */
export async function pickTarget(
  services: Services,
  model: string,
  { placeHolder, fits = () => true, unfit }: TargetQuestion,
): Promise<Target | undefined> {
  await services.syncTargets();
  const { targets } = services;
  const all = targets.targets().filter(fits);
  if (all.length === 0) {
    if (unfit && targets.targets().length > 0) throw unfit;
    const next = 'Name one in slipway.json: “Open slipway.json” writes a first one.';
    throw new UserError('target-missing', 'There is no target to deploy to.', next);
  }
  const items = all.map((target) => {
    const serving = targets
      .releases(target)
      .find((release) => release.model.name === model && release.state === 'serving');
    const detail = serving && `r${serving.revision} serves: ${serving.note || 'without a note'}`;
    return { label: target.name, description: `${target.kind} · ${target.address}`, detail, target };
  });
  return (await askPick(items, { placeHolder }))?.target;
}

function allReleases({ targets }: Services): Release[] {
  return targets.targets().flatMap((target) => targets.releases(target));
}

async function pick<T>(choices: Choice<T>[], placeHolder: string): Promise<T | undefined> {
  const real = choices.filter(({ one }) => one !== undefined);
  if (real.length === 1 && !choices.some(({ away }) => away)) return real[0]?.one;
  const chosen = await askPick(choices, { placeHolder });
  if (chosen?.away) throw chosen.away;
  return chosen?.one;
}

/** Says that what is on a target is not among the choices. */
function awayLine({ target, error }: { target: Target; error: Error }): Choice<never> {
  return { label: `$(error) ${target.name} is away`, detail: whyOf(error), away: error };
}

function section(label: string, choices: Choice<Running>[]): Choice<Running>[] {
  return choices.length > 0 ? [{ label, kind: vscode.QuickPickItemKind.Separator }, ...choices] : [];
}

function endpointChoice(one: Endpoint): Choice<Endpoint> {
  const { model, url, engine, health } = one;
  return { label: model.name, description: [url, engine, health].filter(Boolean).join(' · '), one };
}

function releaseChoice(one: Release): Choice<Release> {
  const { model, target, revision, state, note } = one;
  return {
    label: `${model.name} r${revision}`,
    description: [target, state, note].filter(Boolean).join(' · '),
    one,
  };
}

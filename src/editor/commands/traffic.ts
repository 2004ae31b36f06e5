import * as vscode from 'vscode';
import { UserError } from '../../core/errors';
import { serverWords } from '../../core/target/replicas';
import type { Release, Target } from '../../core/target/target';
import { askText } from '../ask';
import { pickRelease } from '../picks';
import type { Services } from '../services';
import { changing, nameOf, targetOf } from './releases';
import { releaseOf, type Given } from './subject';

/** *Set Traffic…*: gives a running release a part of the requests, beside the one that serves. */
export async function setTraffic(services: Services, given: Given): Promise<void> {
  services.requireTrust();
  const fits = ({ state, url, undivided }: Release) => state !== 'serving' && url !== undefined && !undivided;
  const release = releaseOf(given) ?? (await pickRelease(services, 'Give traffic to which release?', fits));
  if (!release) return;
  const name = nameOf(release);
  const target = able('setTraffic', release, services, {
    unable: 'can not give a release a part of the traffic',
    next: 'Promote the release instead.',
  });
  const percent = await askNumber({
    title: `Traffic of ${name} on ${release.target}`,
    prompt: 'Percent of the requests; the rest stays with the release that serves. 0 takes them back.',
    value: String(release.traffic || 10),
    from: 0,
    to: 99,
  });
  if (percent === undefined) return;
  const changed = await services.run(`Giving ${name} ${percent} % of the traffic`, (task) =>
    changing(services, () => target.setTraffic(release, percent, task)),
  );
  if (changed) void vscode.window.showInformationMessage(`${name} has ${changed.traffic} % of the traffic.`);
}

/** *Scale…*: sets how many servers of a release run. */
export async function scale(services: Services, given: Given): Promise<void> {
  services.requireTrust();
  const scales = ({ replicas }: Release) => replicas !== undefined;
  const release = releaseOf(given) ?? (await pickRelease(services, 'Scale which release?', scales));
  if (!release) return;
  const name = nameOf(release);
  const target = able('scale', release, services, {
    unable: 'runs one server of a release',
    next: 'Deploy the model to a target of the kind kubernetes or kserve to have several.',
  });
  const replicas = await askNumber({
    title: `Scale ${name} on ${release.target}`,
    prompt: 'How many servers of it run?',
    value: String(release.replicas?.range?.min ?? release.replicas?.wanted ?? 1),
    from: 0,
    to: 1000,
  });
  if (replicas === undefined) return;
  const scaled = await services.run(`Scaling ${name} to ${replicas}`, (task) =>
    changing(services, () => target.scale(release, replicas, task)),
  );
  if (!scaled) return;
  const { range = { min: replicas, max: replicas } } = scaled.replicas ?? {};
  void vscode.window.showInformationMessage(`${name} runs with ${serverWords(range)}.`);
}

function able<Method extends 'setTraffic' | 'scale'>(
  method: Method,
  release: Release,
  services: Services,
  words: { unable: string; next: string },
): Target & Required<Pick<Target, Method>> {
  const target = targetOf(release.target, services);
  if (target[method]) return target as Target & Required<Pick<Target, Method>>;
  throw new UserError('release-missing', `${target.name} ${words.unable}.`, words.next);
}

async function askNumber(ask: {
  title: string;
  prompt: string;
  value: string;
  from: number;
  to: number;
}): Promise<number | undefined> {
  const { from, to, ...box } = ask;
  const isFine = (text: string) => /^\d+$/.test(text.trim()) && Number(text) >= from && Number(text) <= to;
  const problem = (text: string) => (isFine(text) ? undefined : `A whole number from ${from} to ${to}`);
  const text = await askText({ ...box, problem });
  return text === undefined ? undefined : Number(text);
}

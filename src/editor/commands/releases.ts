import * as vscode from 'vscode';
import { commands } from '../../contributions';
import { UserError } from '../../core/errors';
import { releaseBefore, rollBack as runRollBack } from '../../core/release/rollBack';
import type { Release, Target } from '../../core/target/target';
import { confirm } from '../confirm';
import { lookAgain } from '../lookAgain';
import { pickRelease } from '../picks';
import type { Services } from '../services';
import { nodeOf, releaseOf, type Given } from './subject';

/** *Roll Back…*: puts the release before the serving one back, after asking. */
export async function rollBack(services: Services, given: Given): Promise<void> {
  services.requireTrust();
  const meant = await lineOf(given, services);
  if (!meant) return;
  const { target, model } = meant;
  await lookAgain(() => services.targets.refresh());
  const away = services.targets.error(target);
  if (away) throw away;
  const before = releaseBefore(services.targets.releases(target), target.name, model);
  const detail = [before.note, 'It is started again and gets all traffic; the one that serves now is kept.'];
  const question = `Roll ${model} on ${target.name} back to revision ${before.revision}?`;
  if (!(await confirm('Roll Back', question, detail))) return;
  const release = await services.run(`Rolling back ${model} on ${target.name}`, (task) =>
    changing(services, () => runRollBack(target, model, task)),
  );
  if (release) await offerNext(release, `${model} on ${target.name} is back at r${release.revision}`);
}

/** *Promote…*: gives all traffic to a release, after asking. */
export async function promote(services: Services, given: Given): Promise<void> {
  services.requireTrust();
  const notServing = ({ state }: Release) => state !== 'serving';
  const release = releaseOf(given) ?? (await pickRelease(services, 'Promote which release?', notServing));
  if (!release) return;
  const { target } = release;
  const name = nameOf(release);
  const detail = [release.note, release.state === 'failed' ? 'It has failed to prove itself.' : ''];
  if (!(await confirm('Promote', `Give all traffic on ${target} to ${name}?`, detail))) return;
  const promoted = await services.run(`Promoting ${name} on ${target}`, (task) =>
    changing(services, () => targetOf(target, services).promote(release, task)),
  );
  if (promoted) await offerNext(promoted, `${name} serves on ${target}`);
}

/** *Remove…*: takes a release off its target, after asking. */
export async function removeRelease(services: Services, given: Given): Promise<void> {
  services.requireTrust();
  const release = releaseOf(given) ?? (await pickRelease(services, 'Remove which release?'));
  if (!release) return;
  const { target, state } = release;
  const name = nameOf(release);
  const detail =
    state === 'serving'
      ? 'It serves now: requests will fail until another release is promoted.'
      : 'It can not be rolled back to after that.';
  if (!(await confirm('Remove', `Remove ${name} from ${target}?`, [detail]))) return;
  const left = await services.run(`Removing ${name} from ${target}`, (task) =>
    changing(services, () => targetOf(target, services).remove(release, task)),
  );
  if (left?.length)
    void vscode.window.showWarningMessage(`${name} is removed, but something is left: ${left.join(' ')}`);
}

/** Does something that changes what runs on a target, and shows that, also where it fails. */
export async function changing<T>({ targets }: Services, work: () => Promise<T>): Promise<T> {
  try {
    return await targets.keepDuring(work);
  } finally {
    await targets.refresh();
  }
}

export function targetOf(name: string, { targets }: Services): Target {
  const target = targets.get(name);
  if (target) return target;
  throw new UserError(
    'target-missing',
    `slipway.json names no target ${name} any more.`,
    'Put it back to reach what runs there.',
  );
}

/** Says what serves now, and offers what one does with it next. */
export async function offerNext(release: Release, message: string): Promise<void> {
  const next: Record<string, string> = { 'Open Metrics': commands.openMetrics, 'Copy URL': commands.copyUrl };
  const where = release.stableUrl ? `${message} at ${release.stableUrl}.` : `${message}.`;
  const chosen = await vscode.window.showInformationMessage(where, ...Object.keys(next));
  const command = chosen && next[chosen];
  if (command) await vscode.commands.executeCommand(command, { kind: 'release', release });
}

/** The model on a target whose traffic is meant. */
async function lineOf(
  given: Given,
  services: Services,
): Promise<{ target: Target; model: string } | undefined> {
  const node = nodeOf(given);
  if (node?.kind === 'releases') return { target: node.target, model: node.model };
  const serves = ({ state }: Release) => state === 'serving';
  const release = releaseOf(given) ?? (await pickRelease(services, 'Roll back which model?', serves));
  return release && { target: targetOf(release.target, services), model: release.model.name };
}

/** `iris r3` */
export function nameOf({ model, revision }: Release): string {
  return `${model.name} r${revision}`;
}

import * as vscode from 'vscode';
import { commands } from '../../contributions';
import { UserError } from '../../core/errors';
import { deploy as runPipeline, deploySteps, type DeployStep } from '../../core/release/deploy';
import { releaseBefore, rollBack as runRollBack } from '../../core/release/rollBack';
import type { Release, Target } from '../../core/target/target';
import { pickRelease, pickTarget } from '../picks';
import { servedModel, signatureOf } from '../servedModel';
import type { Services } from '../services';
import type { Node } from '../tree/nodes';
import { samplesIn } from './server';
import { modelOf, releaseOf, type Given } from './subject';

const stepWords: Record<DeployStep, string> = {
  check: 'Checking',
  build: 'Building the image',
  candidate: 'Starting the candidate',
  verify: 'Running the samples',
  promote: 'Moving the traffic',
};

/** *Deploy Model…*: asks where and why, then runs the pipeline; the release before goes on when a step fails. */
export async function deploy(services: Services, given: Given): Promise<void> {
  services.requireTrust();
  const model = await modelOf(given, services);
  if (!model) return;
  const target = await pickTarget(services);
  if (!target) return;
  const note = await vscode.window.showInputBox({
    title: `Deploy ${model.name} to ${target.name}`,
    prompt: 'What is new in this revision?',
    placeHolder: 'retrained on November',
  });
  if (note === undefined) return;
  const signature = signatureOf(model);
  const samples = await samplesIn(model);
  const release = await services.run(
    `Deploying ${model.name} to ${target.name}`,
    async (task) => {
      let at = '';
      const report = (message: string) => task.report(`${at}${message}`);
      return runPipeline(
        target,
        { model: await servedModel(model, task.signal), signature, samples, note },
        {
          signal: task.signal,
          report,
          onStep: (step, state, detail) => {
            services.log.info(`${target.name}/${model.name}: ${step} ${state}${detail ? `: ${detail}` : ''}`);
            if (state !== 'running') return;
            at = `${deploySteps.indexOf(step) + 1} of ${deploySteps.length} · `;
            report(stepWords[step]);
          },
        },
      );
    },
    [{ title: 'Open Samples', press: () => vscode.commands.executeCommand(commands.openSamples, model) }],
  );
  await services.targets.refresh();
  if (release) await offerNext(release, `${model.name} r${release.revision} serves on ${target.name}`);
}

/** *Roll Back…*: puts the release before the serving one back, after asking. */
export async function rollBack(services: Services, given: Given): Promise<void> {
  services.requireTrust();
  const meant = await lineOf(given, services);
  if (!meant) return;
  const { target, model } = meant;
  const before = releaseBefore(services.targets.releases(target), target.name, model);
  const go = 'Roll Back';
  const question = `Roll ${model} on ${target.name} back to revision ${before.revision}?`;
  const detail = [before.note, 'It is started again and gets all traffic; the one that serves now is kept.'];
  const options = { modal: true, detail: detail.filter(Boolean).join('\n') };
  if ((await vscode.window.showWarningMessage(question, options, go)) !== go) return;
  const release = await services.run(`Rolling back ${model} on ${target.name}`, (task) =>
    runRollBack(target, model, task),
  );
  await services.targets.refresh();
  if (release) await offerNext(release, `${model} on ${target.name} is back at r${release.revision}`);
}

/** *Promote*: gives all traffic to a release. */
export async function promote(services: Services, given: Given): Promise<void> {
  services.requireTrust();
  const release =
    releaseOf(given) ??
    (await pickRelease(services, 'Promote which release?', ({ state }) => state !== 'serving'));
  if (!release) return;
  const name = `${release.model.name} r${release.revision}`;
  const promoted = await services.run(`Promoting ${name} on ${release.target}`, (task) =>
    targetOf(release.target, services).promote(release, task),
  );
  await services.targets.refresh();
  if (promoted) await offerNext(promoted, `${name} serves on ${release.target}`);
}

/** *Remove…*: takes a release off its target, after asking. */
export async function removeRelease(services: Services, given: Given): Promise<void> {
  services.requireTrust();
  const release = releaseOf(given) ?? (await pickRelease(services, 'Remove which release?'));
  if (!release) return;
  const name = `${release.model.name} r${release.revision}`;
  const remove = 'Remove';
  const detail =
    release.state === 'serving'
      ? 'It serves now: requests will fail until another release is promoted.'
      : 'It can not be rolled back to after that.';
  const question = `Remove ${name} from ${release.target}?`;
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, remove)) !== remove) return;
  const left = await services.run(`Removing ${name} from ${release.target}`, (task) =>
    targetOf(release.target, services).remove(release, task),
  );
  await services.targets.refresh();
  if (left?.length)
    void vscode.window.showWarningMessage(`${name} is removed, but something is left: ${left.join(' ')}`);
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

/** The model on a target whose traffic is meant. */
async function lineOf(
  given: Given,
  services: Services,
): Promise<{ target: Target; model: string } | undefined> {
  const node = given && 'kind' in given ? (given as Node) : undefined;
  if (node?.kind === 'releases') return { target: node.target, model: node.model };
  const release =
    releaseOf(given) ??
    (await pickRelease(services, 'Roll back which model?', ({ state }) => state === 'serving'));
  return release && { target: targetOf(release.target, services), model: release.model.name };
}

async function offerNext(release: Release, message: string): Promise<void> {
  const node = { kind: 'release', release };
  const where = release.stableUrl ? `${message} at ${release.stableUrl}.` : `${message}.`;
  const chosen = await vscode.window.showInformationMessage(where, 'Open Metrics', 'Copy URL');
  if (chosen === 'Open Metrics') await vscode.commands.executeCommand(commands.openMetrics, node);
  if (chosen === 'Copy URL') await vscode.commands.executeCommand(commands.copyUrl, node);
}

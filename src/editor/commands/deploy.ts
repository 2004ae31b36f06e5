import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { commands } from '../../contributions';
import { UserError } from '../../core/errors';
import {
  deploy as runPipeline,
  stepsFor,
  type Deployment,
  type DeployStep,
  type DeployTask,
} from '../../core/release/deploy';
import { commitOf } from '../../core/release/commit';
import { VerifyError } from '../../core/release/verify';
import type { Target } from '../../core/target/target';
import type { TaskContext } from '../../core/task';
import { pickTarget } from '../picks';
import { servedModel } from '../servedModel';
import type { Model, Services } from '../services';
import type { Button } from '../showError';
import { changing, offerNext } from './releases';
import { samplesIn } from './server';
import { modelOf, type Given } from './subject';

const stepWords: Record<DeployStep, string> = {
  check: 'Checking',
  build: 'Building the image',
  candidate: 'Starting the candidate',
  verify: 'Running the samples',
  push: 'Pushing the image',
  traffic: 'Moving the traffic',
};

/** *Deploy Model…*: asks where and why, then runs the pipeline; the release before goes on when a step fails. */
export async function deploy(services: Services, given: Given): Promise<void> {
  services.requireTrust();
  const model = await modelOf(given, services);
  if (!model) return;
  const target = await pickTarget(services, model.name);
  if (!target) return;
  const note = await vscode.window.showInputBox({
    title: `Deploy ${model.name} to ${target.name}`,
    prompt: 'What is new in this revision?',
    placeHolder: 'retrained on November',
  });
  if (note === undefined) return;
  await run(services, target, model, note);
}

async function run(
  services: Services,
  target: Target,
  model: Model,
  note: string,
  anyway = false,
): Promise<void> {
  const deployed = await services.run(
    `Deploying ${model.name} to ${target.name}`,
    (task) =>
      changing(services, async () => {
        const deployment = { ...(await deploymentOf(model, target, services, task.signal)), note, anyway };
        return runPipeline(target, deployment, stepsOf(task, target, model.name, services));
      }),
    { buttons: (error) => samplesButton(error, model) },
  );
  if (!deployed) return;
  const { release, unchanged } = deployed;
  const name = `${model.name} r${release.revision}`;
  if (!unchanged) return offerNext(release, `${name} serves on ${target.name}`);
  const deployAnyway = 'Deploy Anyway';
  const told = `${target.name} serves this very model already, as ${name}. It was proven again, and nothing was changed.`;
  const chosen = await vscode.window.showInformationMessage(told, deployAnyway);
  if (chosen === deployAnyway) await run(services, target, model, note, true);
}

/** What is deployed: the model as its file is now, with its samples, and how the target wants it to come to its traffic. */
async function deploymentOf(
  model: Model,
  target: Target,
  services: Services,
  signal: AbortSignal,
): Promise<Omit<Deployment, 'note'>> {
  const { canary, load } = (await services.config.get())?.targets[target.name] ?? {};
  return {
    model: await servedModel(model, services, signal),
    signature: model.description?.signature,
    samples: await samplesIn(model),
    commit: await commitOf(dirname(model.uri.fsPath), signal),
    canary,
    load,
  };
}

/** Shows the steps of the pipeline as they come, and keeps them in the log. */
function stepsOf(task: TaskContext, target: Target, model: string, { log }: Services): DeployTask {
  const steps = stepsFor(target);
  let at = '';
  return {
    signal: task.signal,
    report: (message) => task.report(`${at}${message}`),
    onStep: (step, state, detail) => {
      log.info(`${target.name}/${model}: ${step} ${state}${detail ? `: ${detail}` : ''}`);
      if (state !== 'running') return;
      at = `${steps.indexOf(step) + 1} of ${steps.length} · `;
      task.report(`${at}${stepWords[step]}`);
    },
  };
}

/** Opens the samples at the one that failed, where samples are the reason. */
function samplesButton(error: unknown, model: Model): Button[] {
  if (!(error instanceof UserError) || !/^(sample-invalid|verify-failed)$/.test(error.code)) return [];
  const failed = error instanceof VerifyError ? error.results.find(({ pass }) => pass === false) : undefined;
  const sample = failed && { kind: 'sample', samples: model.samples, key: failed.sample };
  const press = async () =>
    void (await vscode.commands.executeCommand(commands.openSamples, sample ?? model));
  return [{ title: failed ? 'Open Sample' : 'Open Samples', press }];
}

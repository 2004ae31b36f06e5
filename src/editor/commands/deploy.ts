import * as vscode from 'vscode';
import { commands } from '../../contributions';
import { UserError } from '../../core/errors';
import {
  deploy as runPipeline,
  deploySteps,
  type DeployStep,
  type DeployTask,
} from '../../core/release/deploy';
import { VerifyError } from '../../core/release/verify';
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
  promote: 'Moving the traffic',
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
  const signature = model.description?.signature;
  const samples = await samplesIn(model);
  const release = await services.run(
    `Deploying ${model.name} to ${target.name}`,
    (task) =>
      changing(services, async () => {
        const deployment = {
          model: await servedModel(model, services, task.signal),
          signature,
          samples,
          note,
        };
        return runPipeline(target, deployment, stepsOf(task, `${target.name}/${model.name}`, services));
      }),
    { buttons: (error) => samplesButton(error, model) },
  );
  if (release) await offerNext(release, `${model.name} r${release.revision} serves on ${target.name}`);
}

/** Shows the steps of the pipeline as they come, and keeps them in the log. */
function stepsOf(task: TaskContext, name: string, { log }: Services): DeployTask {
  let at = '';
  return {
    signal: task.signal,
    report: (message) => task.report(`${at}${message}`),
    onStep: (step, state, detail) => {
      log.info(`${name}: ${step} ${state}${detail ? `: ${detail}` : ''}`);
      if (state !== 'running') return;
      at = `${deploySteps.indexOf(step) + 1} of ${deploySteps.length} · `;
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

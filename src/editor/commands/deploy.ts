import * as vscode from 'vscode';
import { commands } from '../../contributions';
import { UserError } from '../../core/errors';
import {
  deploy as runPipeline,
  finishDeploy,
  requestOf,
  stepsFor,
  type DeployStep,
  type DeployTask,
} from '../../core/release/deploy';
import { describePlan, type Plan } from '../../core/release/describe';
import { VerifyError } from '../../core/release/verify';
import type { Release, Target } from '../../core/target/target';
import type { TaskContext } from '../../core/task';
import { askText } from '../ask';
import { confirm } from '../confirm';
import { pickRelease, pickTarget } from '../picks';
import type { ReleaseDocuments } from '../release/releaseDocuments';
import type { Model, Services } from '../services';
import type { Button } from '../showError';
import { deploymentOf } from './deployment';
import { changing, nameOf, offerNext, targetOf } from './releases';
import { modelOf, nodeOf, releaseOf, runningOf, targetGiven, type Given } from './subject';

const stepWords: Record<DeployStep, string> = {
  check: 'Checking',
  build: 'Building the image',
  candidate: 'Starting the candidate',
  verify: 'Running the samples',
  push: 'Pushing the image',
  traffic: 'Moving the traffic',
};

/** What was deployed last in this workspace. */
interface Last {
  model: string;
  target: string;
}

const lastKey = 'slipway.lastDeploy';

/** The commands that bring a model to a target. The release before goes on when a step fails. */
export class Deploys {
  constructor(
    private readonly services: Services,
    private readonly documents: ReleaseDocuments,
    private readonly memory: vscode.Memento,
  ) {}

  /** *Deploy Model…*: asks where and why, then runs the pipeline. */
  async deploy(given: Given): Promise<void> {
    this.services.requireTrust();
    const model = await modelOf(given, this.services);
    const target = model && (await this.#target(given, model, `Deploy ${model.name} to which target?`));
    if (!target) return;
    const note = await askText({
      title: `Deploy ${model.name} to ${target.name}`,
      prompt: 'What is new in this revision?',
      placeHolder: 'retrained on November',
    });
    if (note !== undefined) await this.#run(target, model, note);
  }

  /** *Deploy Again*: what a release was made of or what was deployed last, as its file is now, to the same target. */
  async again(given: Given): Promise<void> {
    this.services.requireTrust();
    const node = nodeOf(given);
    const running = node && runningOf(node);
    const last = this.memory.get<Last>(lastKey);
    const { models } = this.services;
    if (running?.kind === 'release') {
      const { model, target } = running.release;
      await this.#runAgain(target, await models.madeOf(model));
    } else if (last) {
      await this.#runAgain(last.target, await models.get(vscode.Uri.file(last.model)));
    } else {
      await this.deploy(given);
    }
  }

  /** *Show Deploy Plan…*: what a deploy would change, without changing anything. */
  async plan(given: Given): Promise<void> {
    this.services.requireTrust();
    const model = await modelOf(given, this.services);
    const placeHolder = `What would change on which target by a deploy of ${model?.name}?`;
    const target = model && (await this.#target(given, model, placeHolder));
    if (!target) return;
    const plan = await this.#plan(target, model, '');
    if (plan) await this.#showPlan(target, model, plan);
  }

  /** *Finish Deploy…*: proves a candidate that an interrupted deploy left, and gives it the traffic. */
  async finish(given: Given): Promise<void> {
    const { services } = this;
    services.requireTrust();
    const left = ({ state }: Release) => state === 'candidate' || state === 'canary';
    const release = releaseOf(given) ?? (await pickRelease(services, 'Finish which deploy?', left));
    if (!release) return;
    const target = targetOf(release.target, services);
    const model = await services.models.madeOf(release.model);
    const name = nameOf(release);
    if (await this.#asksBefore(target)) {
      const question = `Give all traffic on ${target.name} to ${name} when its samples pass?`;
      if (!(await confirm('Finish', question, [release.note]))) return;
    }
    const finished = await services.run(
      `Finishing the deploy of ${name} to ${target.name}`,
      (task) =>
        changing(services, async () => {
          const deployment = await deploymentOf(services, target, model, release.note, task.signal);
          if (deployment.model.hash !== release.model.hash) throw changedSince(model.name, name);
          return finishDeploy(target, release, deployment, stepsOf(task, target, model.name, services));
        }),
      { buttons: (error) => samplesButton(error, model) },
    );
    if (finished) await offerNext(finished, `${name} serves on ${target.name}`);
  }

  async #runAgain(target: string, model: Model): Promise<void> {
    await this.services.syncTargets();
    await this.#run(targetOf(target, this.services), model, 'again');
  }

  async #run(target: Target, model: Model, note: string, anyway = false): Promise<void> {
    const { services } = this;
    if (!anyway && !(await this.#isWanted(target, model, note))) return;
    await this.memory.update(lastKey, { model: model.uri.fsPath, target: target.name } satisfies Last);
    const deployed = await services.run(
      `Deploying ${model.name} to ${target.name}`,
      (task) =>
        changing(services, async () => {
          const deployment = { ...(await deploymentOf(services, target, model, note, task.signal)), anyway };
          return runPipeline(target, deployment, stepsOf(task, target, model.name, services));
        }),
      { buttons: (error) => samplesButton(error, model) },
    );
    if (!deployed) return;
    const { release, unchanged } = deployed;
    const name = nameOf(release);
    if (!unchanged) return offerNext(release, `${name} serves on ${target.name}`);
    const deployAnyway = 'Deploy Anyway';
    const told = `${target.name} serves this very model already, as ${name}. It was proven again, and nothing was changed.`;
    const chosen = await vscode.window.showInformationMessage(told, deployAnyway);
    if (chosen === deployAnyway) await this.#run(target, model, note, true);
  }

  /** Shows the plan first where the target wants that. */
  async #isWanted(target: Target, model: Model, note: string): Promise<boolean> {
    if (!(await this.#asksBefore(target))) return true;
    const plan = await this.#plan(target, model, note);
    if (!plan) return false;
    const changes = plan.changes.map(({ action, what }) => `${action} ${what}`);
    const detail = [...plan.standing.warnings, ...changes].join('\n');
    const question = `Deploy ${model.name} to ${target.name}?`;
    const [go, show] = ['Deploy', 'Show Plan'];
    const chosen = await vscode.window.showWarningMessage(question, { modal: true, detail }, go, show);
    if (chosen !== show) return chosen === go;
    await this.#showPlan(target, model, plan);
    // Not in the middle of the window, where it would hide the plan.
    return (await vscode.window.showInformationMessage(question, go)) === go;
  }

  /** Whether `slipway.json` wants a question before something changes on a target. */
  async #asksBefore(target: Target): Promise<boolean> {
    return (await this.services.config.get())?.targets[target.name]?.confirm ?? false;
  }

  async #target(given: Given, model: Model, placeHolder: string): Promise<Target | undefined> {
    return targetGiven(given) ?? pickTarget(this.services, model.name, { placeHolder });
  }

  #plan(target: Target, model: Model, note: string): Promise<Plan | undefined> {
    return this.services.run(`Planning the deploy of ${model.name} to ${target.name}`, async (task) => {
      const request = requestOf(await deploymentOf(this.services, target, model, note, task.signal));
      const standing = await target.check(request, task);
      return { standing, changes: await target.plan(request, task) };
    });
  }

  async #showPlan(target: Target, model: Model, plan: Plan): Promise<void> {
    const text = describePlan(`What a deploy of ${model.name} to ${target.name} would change`, plan);
    await this.documents.showPlan(`${target.name}/${model.name}`, text);
  }
}

function changedSince(model: string, name: string): UserError {
  return new UserError(
    'release-missing',
    `The file of ${model} was changed since ${name} was made of it, so its samples prove nothing about ${name}.`,
    'Deploy the model again, or promote the release as it is.',
  );
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

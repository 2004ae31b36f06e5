import * as vscode from 'vscode';
import { ChildController } from '../../core/childController';
import { configFileName } from '../../core/config/config';
import { UserError } from '../../core/errors';
import { curlCommand } from '../../core/inference/curl';
import type { Tensor } from '../../core/inference/tensor';
import type { Signature } from '../../core/model/signature';
import { exampleValues } from '../../core/inference/exampleValues';
import type { Sample } from '../../core/sample/sample';
import { checkMeantFor, defaultTolerance, parseSamples, samplesPathFor } from '../../core/sample/samplesFile';
import { sampleTensors } from '../../core/sample/sampleTensors';
import { withLateProgress } from '../sample/lateProgress';
import { elsewhere, type ModelServer } from '../sample/modelServer';
import { openIfThere } from '../sample/pickSamples';
import type { Model, Services } from '../services';
import { runningGiven, type Given } from './subject';

/** How long a server may take to say what it takes, in milliseconds. */
const patience = 10_000;

/** The running server that is meant: an endpoint or a release, given or picked. Throws when it does not run. */
export async function serverOf(given: Given, services: Services): Promise<ModelServer | undefined> {
  const running = await runningGiven(given, services, 'On which endpoint or release?');
  if (!running) return undefined;
  if (running.kind === 'endpoint') {
    const { model, url } = running.endpoint;
    return server(model.name, url, model);
  }
  const { model, revision, target, state, url, stableUrl } = running.release;
  const reaches = state === 'serving' ? (stableUrl ?? url) : url;
  return server(`${model.name} r${revision} on ${target}`, reaches, model);
}

/** A shell command that predicts with the first sample that fits what the server takes, or with example values. */
export async function curlOf(to: ModelServer, services: Services): Promise<string> {
  const { signature } = await withLateProgress(`Asking ${to.name} what it takes`, async ({ signal }) => {
    const limit = new ChildController(signal, patience);
    try {
      return await elsewhere(to).connect(limit.signal);
    } catch (error) {
      if (signal.aborted || !limit.signal.aborted) throw error;
      throw new UserError(
        'predict-timeout',
        `${to.name} does not say in time what it takes.`,
        'Look at its log.',
      );
    } finally {
      limit.dispose();
    }
  });
  const model = await services.models.madeOf(to.model);
  // Broken samples are no reason for no command.
  const samples = await samplesIn(model).catch(() => []);
  return curlCommand(to.url, to.model.name, inputsFor(signature, samples));
}

function inputsFor(signature: Signature, samples: Sample[]): Tensor[] {
  for (const sample of samples) {
    try {
      return sampleTensors(signature, sample);
    } catch {
      // The next one may fit.
    }
  }
  const inputs = Object.fromEntries(signature.inputs.map((spec) => [spec.name, exampleValues(spec)]));
  return sampleTensors(signature, { name: 'example', inputs, ...defaultTolerance });
}

/**
 * The samples of a model as its file (or the editor that changes it) has them; none when there is no file. Throws `UserError` for one that
 * `slipway.json` names or that can not be read, has errors, or is for another model.
 */
export async function samplesIn(model: Pick<Model, 'name' | 'uri' | 'samples'>): Promise<Sample[]> {
  const { samples } = model;
  const document = await openIfThere(samples);
  if (!document) {
    if (samples.fsPath === samplesPathFor(model.uri.fsPath)) return [];
    throw new UserError(
      'samples-missing',
      `The samples of ${model.name} are not at ${vscode.workspace.asRelativePath(samples)}.`,
      `Write them there, or correct "samples" of the model in ${configFileName}.`,
    );
  }
  const file = parseSamples(document.getText());
  const [first] = file.problems;
  if (!first) {
    checkMeantFor(file, samples.fsPath, model.uri.fsPath);
    return file.samples;
  }
  const { line } = document.positionAt(first.range.offset);
  throw new UserError(
    'sample-invalid',
    `${vscode.workspace.asRelativePath(samples)}:${line + 1}: ${first.message}`,
    'Correct the samples file; what is wrong is marked there.',
  );
}

function server(name: string, url: string | undefined, model: ModelServer['model']): ModelServer {
  if (url) return { name, url, model };
  throw new UserError('endpoint-gone', `${name} does not run.`, 'Start it again first.');
}

import { UserError } from '../core/errors';
import { nestedData, stringifyJson } from '../core/inference/tensorJson';
import { runSample } from '../core/sample/runSample';
import type { Sample } from '../core/sample/sample';
import { defaultTolerance } from '../core/sample/samplesFile';
import { onlyModel, type Call } from './call';
import { readInputs } from './inputs';
import { withServer } from './servers';
import type { ModelFile } from './workspace';

/** `slipway predict` */
export async function predict(call: Call): Promise<void> {
  const { workspace, output, signal, given, values } = call;
  const model = await workspace.model(onlyModel(given));
  const sample = await sampleFor(model, values.sample, values.inputs);
  await withServer(call, model, async (inference, signature) => {
    const { outputs, milliseconds } = await runSample(inference, signature, sample, signal);
    const byName = Object.fromEntries(outputs.map((tensor) => [tensor.name, nestedData(tensor)]));
    output.result(
      { model: model.name, sample: sample.name, milliseconds, outputs: byName },
      outputs.map((tensor) => `${tensor.name}: ${stringifyJson(nestedData(tensor))}`).join('\n'),
    );
  });
}

async function sampleFor(
  model: ModelFile,
  name: string | undefined,
  inputs: string | undefined,
): Promise<Sample> {
  if (inputs !== undefined) {
    return { name: 'inputs', inputs: await readInputs(inputs), ...defaultTolerance };
  }
  const samples = await model.samples();
  const found = name === undefined ? samples[0] : samples.find((sample) => sample.name === name);
  if (found) return found;
  throw new UserError(
    'samples-missing',
    name === undefined
      ? `${model.name} has no samples.`
      : `${model.name} has no sample ${name}; it has ${samples.map((sample) => sample.name).join(', ') || 'none'}.`,
    'Name one that is there, or give the values with --inputs FILE.json.',
  );
}

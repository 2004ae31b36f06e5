import { UserError } from '../core/errors';
import { InferenceClient } from '../core/inference/client';
import { nestedData, stringifyJson } from '../core/inference/tensorJson';
import type { Signature } from '../core/model/signature';
import { runSample, type Inference } from '../core/sample/runSample';
import type { Sample, SampleResult } from '../core/sample/sample';
import { SampleError } from '../core/sample/sampleTensors';
import { defaultTolerance } from '../core/sample/samplesFile';
import { shownAddress } from '../core/secrets';
import { UsageError, onlyModel, type Call } from './call';
import { readInputs } from './inputs';
import { withServer } from './servers';
import type { ModelFile } from './workspace';

/** `slipway predict` */
export async function predict(call: Call): Promise<void> {
  const { workspace, signal, given, values } = call;
  const { sample: name, inputs, url } = values;
  if (name !== undefined && inputs !== undefined) throw new UsageError('Say --sample or --inputs, not both.');
  if (url !== undefined) checkUrl(url);
  const meant = onlyModel(given);
  const sample = async () =>
    inputs === undefined
      ? sampleOf(await workspace.model(meant), name)
      : { name: 'inputs', inputs: await readInputs(inputs, signal), ...defaultTolerance };
  if (url === undefined) {
    const model = await workspace.model(meant);
    const chosen = await sample();
    return withServer(call, model, async (inference, signature) =>
      tell(call, model.name, await run(inference, signature, chosen, inputs, signal)),
    );
  }
  // A server elsewhere has the model: its file is needed here only for its samples.
  const served = await workspace.model(meant).then(
    (model) => model.name,
    () => meant,
  );
  const client = new InferenceClient(url, served);
  tell(call, served, await run(client, await client.signature(signal), await sample(), inputs, signal));
}

/** Says of values that do not fit where they are from. */
async function run(
  inference: Inference,
  signature: Signature,
  sample: Sample,
  inputs: string | undefined,
  signal: AbortSignal,
): Promise<SampleResult> {
  try {
    return await runSample(inference, signature, sample, signal);
  } catch (error) {
    if (inputs === undefined || !(error instanceof SampleError)) throw error;
    const words = error.problems.map(({ message }) => message).join(' ');
    const where = inputs === '-' ? 'standard input' : inputs;
    const next = `Correct what ${where} gives.`;
    throw new UserError('sample-invalid', `The inputs do not fit the model. ${words}`, next, {
      cause: error,
    });
  }
}

function tell({ output }: Call, model: string, { sample, outputs, milliseconds }: SampleResult): void {
  const byName = Object.fromEntries(outputs.map((tensor) => [tensor.name, nestedData(tensor)]));
  output.result(
    { model, sample, milliseconds, outputs: byName },
    outputs.map((tensor) => `${tensor.name}: ${stringifyJson(nestedData(tensor))}`).join('\n'),
  );
}

function checkUrl(url: string): void {
  if (URL.canParse(url) && new URL(url).protocol === 'http:') return;
  const shown = shownAddress(url) || 'nothing';
  throw new UsageError(`--url takes the address of a server, such as http://127.0.0.1:8080, not ${shown}.`);
}

async function sampleOf(model: ModelFile, name: string | undefined): Promise<Sample> {
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

import { Predictor } from '../core/endpoint/predictor';
import { pythonArguments, type PythonPlace } from '../core/endpoint/pythonArguments';
import { UserError } from '../core/errors';
import { describeModel } from '../core/model/describeModel';
import { isPython } from '../core/model/modelKind';
import { reasonsToAsk, toldReasons } from '../core/model/reasonsToAsk';
import type { Signature } from '../core/model/signature';
import type { Inference } from '../core/sample/runSample';
import type { TaskContext } from '../core/task';
import type { Call } from './call';
import type { CliSettings } from './settings';
import type { ModelFile } from './workspace';

/** Works with a server that is started for a model's file. */
export async function withServer(
  { settings, values, signal, output }: Call,
  model: ModelFile,
  work: (inference: Inference, signature: Signature) => Promise<void>,
): Promise<void> {
  await admit(model, { ...values, ...settings }, signal, model.place);
  const predictor = predictorFor(model, settings);
  try {
    const { signature, infer } = await predictor.connect(model.path, signal, output.progress);
    await work({ infer }, (await model.signature(signal)) ?? signature);
  } finally {
    await predictor.stopAll();
  }
}

/** Predicts with a model's file. A model of Python is loaded in a container without network, unless `slipway.json` wants a process. */
function predictorFor(model: ModelFile, settings: CliSettings): Predictor {
  return new Predictor({
    ...settings,
    configured: () => Promise.resolve({ serverArguments: model.serverArguments }),
    serverArguments: (_, task) => placeArguments(model, model.place, settings, task),
  });
}

/** What the server is told about where a model of Python is loaded; by default in a container without network. */
export function placeArguments(
  model: ModelFile,
  place: PythonPlace | undefined,
  settings: CliSettings,
  task: TaskContext,
): Promise<string[]> {
  const options = {
    ...settings,
    pythonPlace: () => Promise.resolve(place ?? 'container'),
    pythonPath: () => Promise.resolve(settings.python),
  };
  return pythonArguments(model.path, options, task);
}

/** Throws `UserError` `untrusted` where loading a pickle may do harm and nobody has said that it shall be loaded all the same. */
export async function admit(
  model: ModelFile,
  { loadAnyway, python }: { loadAnyway: boolean; python: string },
  signal: AbortSignal,
  place: PythonPlace = 'container',
): Promise<void> {
  if (loadAnyway || !isPython(model.path)) return;
  const reasons = reasonsToAsk(await describeModel(model.path, signal, python), place);
  if (reasons.length === 0) return;
  throw new UserError(
    'untrusted',
    [`Loading ${model.name} may run code that does harm.`, ...toldReasons(reasons)].join('\n'),
    'Load it with --load-anyway if you know where it comes from.',
  );
}

import * as vscode from 'vscode';
import { commands, views } from '../../contributions';
import type { Endpoint, EngineKind } from '../../core/endpoint/endpoint';
import type { TaskContext } from '../../core/task';
import { servedModel } from '../servedModel';
import type { Services } from '../services';
import { setting } from '../settings';
import { modelOf, type Given } from './subject';

/** *Serve Model*: starts an endpoint, and offers what one does with it next. */
export async function serve(services: Services, given: Given): Promise<void> {
  services.requireTrust();
  const model = await modelOf(given, services);
  if (!model) return;
  const by = (engine: 'auto' | EngineKind) => async (task: TaskContext) =>
    services.endpoints.serve(engine, await servedModel(model, services, task.signal), task);
  const endpoint = await services.run(`Serving ${model.name}`, by(setting('slipway.serve.engine')), {
    instead: {
      title: 'Serve as Process',
      on: ['build-failed', 'engine-refused', 'engine-unreachable', 'image-missing', 'pull-refused'],
      work: by('process'),
    },
  });
  if (endpoint) await offerNext(endpoint);
}

async function offerNext(endpoint: Endpoint): Promise<void> {
  void vscode.commands.executeCommand(`${views.endpoints}.focus`, { preserveFocus: true });
  const { model, url, engine } = endpoint;
  const next: Record<string, string> = {
    Predict: commands.predictWith,
    'Open Metrics': commands.openMetrics,
    'Copy URL': commands.copyUrl,
  };
  const message = `${model.name} is served at ${url ?? 'an unknown address'} (${engine}).`;
  const chosen = await vscode.window.showInformationMessage(message, ...Object.keys(next));
  const command = chosen && next[chosen];
  if (command) await vscode.commands.executeCommand(command, { kind: 'endpoint', endpoint });
}

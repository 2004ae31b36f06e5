import * as vscode from 'vscode';
import { commands, views } from '../../contributions';
import { servedModel } from '../servedModel';
import type { Services } from '../services';
import { setting } from '../settings';
import { modelOf, type Given } from './subject';

/** *Serve Model*: starts an endpoint, and offers what one does with it next. */
export async function serve(services: Services, given: Given): Promise<void> {
  services.requireTrust();
  const model = await modelOf(given, services);
  if (!model) return;
  const endpoint = await services.run(`Serving ${model.name}`, async (task) =>
    services.endpoints.serve(setting('slipway.serve.engine'), await servedModel(model, task.signal), task),
  );
  if (!endpoint) return;
  void vscode.commands.executeCommand(`${views.endpoints}.focus`, { preserveFocus: true });
  const node = { kind: 'endpoint', endpoint };
  const next = {
    Predict: () => vscode.commands.executeCommand(commands.predictWith, node),
    'Open Metrics': () => vscode.commands.executeCommand(commands.openMetrics, node),
    'Copy URL': () => vscode.commands.executeCommand(commands.copyUrl, node),
  };
  const message = `${model.name} is served at ${endpoint.url ?? 'an unknown address'} (${endpoint.engine}).`;
  const chosen = await vscode.window.showInformationMessage(message, ...Object.keys(next));
  if (chosen) await next[chosen as keyof typeof next]();
}

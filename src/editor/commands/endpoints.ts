import * as vscode from 'vscode';
import type { Endpoint } from '../../core/endpoint/endpoint';
import { pickEndpoint } from '../picks';
import type { Services } from '../services';
import { endpointOf, type Given } from './subject';

/** *Stop*. */
export async function stopEndpoint(services: Services, given: Given): Promise<void> {
  const endpoint = endpointOf(given) ?? (await pickEndpoint(services, 'Stop which endpoint?', isRunning));
  if (!endpoint) return;
  await services.run(`Stopping ${endpoint.model.name}`, (task) => services.endpoints.stop(endpoint, task));
}

/** *Restart*. */
export async function restartEndpoint(services: Services, given: Given): Promise<void> {
  services.requireTrust();
  const endpoint = endpointOf(given) ?? (await pickEndpoint(services, 'Restart which endpoint?'));
  if (!endpoint) return;
  await services.run(`Restarting ${endpoint.model.name}`, (task) =>
    services.endpoints.restart(endpoint, task),
  );
}

/** *Remove…*: after asking when it runs. */
export async function removeEndpoint(services: Services, given: Given): Promise<void> {
  const endpoint = endpointOf(given) ?? (await pickEndpoint(services, 'Remove which endpoint?'));
  if (!endpoint) return;
  if (isRunning(endpoint)) {
    const remove = 'Remove';
    const question = `Remove the endpoint ${endpoint.model.name}?`;
    const detail = `${endpoint.url ?? 'It'} will not answer any more. The model file stays.`;
    if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, remove)) !== remove)
      return;
  }
  await services.run(`Removing ${endpoint.model.name}`, (task) => services.endpoints.remove(endpoint, task));
}

function isRunning({ health }: Endpoint): boolean {
  return health !== 'stopped';
}

import type { Endpoint } from '../../core/endpoint/endpoint';
import { confirm } from '../confirm';
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

/** *Remove…*: after asking. */
export async function removeEndpoint(services: Services, given: Given): Promise<void> {
  const endpoint = endpointOf(given) ?? (await pickEndpoint(services, 'Remove which endpoint?'));
  if (!endpoint) return;
  const { model, url } = endpoint;
  const detail = isRunning(endpoint) ? `${url ?? 'It'} will not answer any more.` : '';
  const question = `Remove the endpoint ${model.name}?`;
  if (!(await confirm('Remove', question, [detail, 'The model file stays.']))) return;
  await services.run(`Removing ${endpoint.model.name}`, (task) => services.endpoints.remove(endpoint, task));
}

function isRunning({ health }: Endpoint): boolean {
  return health !== 'stopped';
}

import { holderOf, portTaken } from './ports';
import type { Site } from './site';
import { proxyOf } from './proxy';

/** Throws `port-taken` when the configured stable port of a model is held by something that is not its proxy. */
export async function checkPort(site: Site, model: string, signal: AbortSignal): Promise<void> {
  const port = site.ports[model];
  if (port === undefined) return;
  const at = { target: site.target, model };
  const proxy = await proxyOf(site.docker, at, signal);
  if (proxy?.running && proxy.port === port) return;
  const holder = await holderOf(site.docker, site.publishing, port, signal);
  if (holder) throw portTaken(at, port, holder);
}

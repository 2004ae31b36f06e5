import type Docker from 'dockerode';
import { randomUUID } from 'node:crypto';
import { createHardened, removeContainer, startContainer, whenMade } from '../../docker/containers';
import { asUserError } from '../../docker/dockerErrors';
import { labels } from '../../docker/labels';
import { takeBack } from '../../docker/takeBack';
import { UserError } from '../../errors';
import type { TaskContext } from '../../task';
import { unlessAborted } from '../../unlessAborted';
import { putFile } from './containerFile';
import { SERVER_PORT, networkName, proxyName } from './names';
import { holderOf, portTaken, portsToTry, urlOf } from './ports';
import { CONFIG_PATH } from './proxy';
import { proxyConfig } from './proxyConfig';
import type { Routes } from './routes';
import type { Site } from './site';
import { untilAnswers } from './switchRoutes';

/**
 * Makes the stable address of a model: a proxy that works by `routes`. When that fails nothing is left.
 * @param wanted The configured port; undefined for the first free one.
 */
export async function createAddress(
  site: Site,
  routes: Routes,
  wanted: number | undefined,
  task: TaskContext,
): Promise<void> {
  for (const port of await portsToTry(site.docker, wanted, task.signal)) {
    task.report(`Opening port ${String(port)}`);
    const container = await whenMade(site.docker, createProxy(site, routes, port), task);
    try {
      await unlessAborted(putFile(container, CONFIG_PATH, proxyConfig(routes, randomUUID())), task.signal);
      await startContainer(container, task.signal);
      await untilAnswers(container, await urlOf(site.publishing, port), routes, task.signal);
      return;
    } catch (error) {
      const what = `The stable address of ${routes.model}`;
      await takeBack(what, () => removeContainer(site.docker, container.id), task);
      if (asUserError(error, 'open a port').code !== 'port-taken') throw error;
      const holder = await holderOf(site.docker, site.publishing, port, task.signal);
      if (wanted !== undefined) throw portTaken(routes, port, holder ?? 'another program');
    }
  }
  throw new UserError(
    'port-taken',
    `No port is free for the stable address of ${routes.model} on ${routes.target}.`,
    `Name one at targets.${routes.target}.ports.${routes.model} in slipway.json.`,
  );
}

function createProxy(site: Site, routes: Routes, port: number): Promise<Docker.Container> {
  return createHardened(site.docker, {
    name: proxyName(routes.target, routes.model),
    Image: site.proxyImage,
    Entrypoint: ['haproxy'],
    Cmd: ['-W', '-db', '-f', CONFIG_PATH],
    Labels: { [labels.kind]: 'proxy', [labels.target]: routes.target, [labels.model]: routes.model },
    network: networkName(routes.target),
    publish: { [SERVER_PORT]: { bind: site.publishing.bind, port } },
    // The configuration lives there; only root could write it from inside.
    writableRoot: true,
    // Without a stop signal of its own, an engine takes the signal for a reload as a wish to stop and never restarts it.
    StopSignal: 'SIGTERM',
    // Not `unless-stopped`: engines remember the signal for a reload as a stop.
    restart: 'always',
  });
}

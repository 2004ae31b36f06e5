import * as vscode from 'vscode';
import manifest from '../../../package.json';
import { commands } from '../../contributions';
import { DisposableStore, type Disposable } from '../../core/dispose';
import { copy } from '../copy';
import type { MetricsPanels } from '../metrics/metricsPanel';
import type { MetricsSources } from '../metricsSources';
import type { ReleaseDocuments } from '../release/releaseDocuments';
import type { ReleasePanels } from '../release/releasePanels';
import type { SampleCommands } from '../sample/sampleCommands';
import type { Services } from '../services';
import { openConfig } from './config';
import { createWorkflow } from './createWorkflow';
import { Deploys } from './deploy';
import { removeEndpoint, restartEndpoint, stopEndpoint } from './endpoints';
import { exportManifests } from './exportManifests';
import { compareRelease, copyReleaseLink, releaseHistory, showRelease } from './history';
import { LogChannels } from './logs';
import { openMetrics } from './metrics';
import { refresh } from './refresh';
import { promote, removeRelease, rollBack } from './releases';
import { serve } from './serve';
import { curlOf, serverOf } from './server';
import { scale, setTraffic } from './traffic';
import { modelOf, type Given } from './subject';

type Handler = (given: Given) => unknown;

/** Registers every command of `contributions.ts`. What one throws is shown in words. */
export function registerCommands(
  services: Services,
  samples: SampleCommands,
  panels: MetricsPanels,
  sources: MetricsSources,
  log: vscode.LogOutputChannel,
  documents: ReleaseDocuments,
  pages: ReleasePanels,
  memory: vscode.Memento,
): Disposable {
  const store = new DisposableStore();
  const deploys = new Deploys(services, documents, memory);
  const logs = store.add(new LogChannels(services));
  const table: Record<keyof typeof commands, Handler> = {
    copyCurl: async (given) => {
      const server = await serverOf(given, services);
      if (server) await copy(await curlOf(server, services), 'The curl command');
    },
    copyUrl: async (given) => {
      const server = await serverOf(given, services);
      if (server) await copy(server.url, server.url);
    },
    createConfig: () => openConfig(services),
    createWorkflow: (given) => createWorkflow(services, manifest.version, given),
    compareRelease: (given) => compareRelease(services, documents, given),
    copyReleaseLink: (given) => copyReleaseLink(services, given),
    deploy: (given) => deploys.deploy(given),
    deployAgain: (given) => deploys.again(given),
    exportManifests: (given) => exportManifests(services, given),
    finishDeploy: (given) => deploys.finish(given),
    planDeploy: (given) => deploys.plan(given),
    releaseHistory: (given) => releaseHistory(services, documents, pages, given),
    scale: (given) => scale(services, given),
    setTraffic: (given) => setTraffic(services, given),
    showRelease: (given) => showRelease(services, pages, given),
    newSamples: async (given) => {
      const model = await modelOf(given, services);
      if (model) await samples.newSamples(model);
    },
    openConfig: () => openConfig(services),
    openLogs: (given) => logs.open(given),
    openMetrics: (given) => openMetrics(services, sources, panels, given),
    openSamples: (given) => samples.openSamples(sampleTarget(given)),
    openWalkthrough: () =>
      vscode.commands.executeCommand(
        'workbench.action.openWalkthrough',
        'slipway.slipway#slipway.firstSteps',
        false,
      ),
    predict: (given) => samples.predict(sampleTarget(given)),
    predictWith: async (given) => {
      const server = await serverOf(given, services);
      if (server) await samples.predictWith(server);
    },
    promote: (given) => promote(services, given),
    recordExpected: (given) => samples.recordExpected(sampleTarget(given)),
    refresh: () => refresh(services),
    removeEndpoint: (given) => removeEndpoint(services, given),
    removeRelease: (given) => removeRelease(services, given),
    restartEndpoint: (given) => restartEndpoint(services, given),
    rollBack: (given) => rollBack(services, given),
    serve: (given) => serve(services, given),
    showLog: () => log.show(true),
    stopEndpoint: (given) => stopEndpoint(services, given),
  };
  for (const [name, handler] of Object.entries(table)) {
    const id = commands[name as keyof typeof commands];
    const run = async (given: Given) => {
      try {
        await handler(given);
      } catch (error) {
        services.showError(error);
      }
    };
    store.add(vscode.commands.registerCommand(id, run));
  }
  return store;
}

/** The samples that an item of the Models view stands for; other things go as they are. */
function sampleTarget(given: Given) {
  if (given && 'kind' in given) {
    if (given.kind === 'model' || given.kind === 'group') return given.model;
    return given.kind === 'sample' ? given : undefined;
  }
  return given;
}

import { join } from 'node:path';
import * as vscode from 'vscode';
import { views } from './contributions';
import { DisposableStore } from './core/dispose';
import { ContainerEngine } from './core/endpoint/containerEngine';
import { EndpointStore } from './core/endpoint/endpointStore';
import { Predictor } from './core/endpoint/predictor';
import { ProcessEngine } from './core/endpoint/processEngine';
import { messageOf, UserError } from './core/errors';
import { Monitor } from './core/metrics/monitor';
import type { TargetConfig } from './core/config/config';
import { TargetStore } from './core/release/targetStore';
import { DockerTarget } from './core/target/dockerTarget';
import { registerCommands } from './editor/commands/commands';
import { MetricsSources } from './editor/commands/metrics';
import { registerConfigDiagnostics } from './editor/configDiagnostics';
import { WorkspaceConfig } from './editor/configStore';
import { registerContextKeys } from './editor/contextKeys';
import { MetricsPanels } from './editor/metrics/metricsPanel';
import { WorkspaceModels } from './editor/modelStore';
import { runWithProgress } from './editor/progress';
import { registerSamples } from './editor/sample/registerSamples';
import type { Services } from './editor/services';
import { setting } from './editor/settings';
import { showError } from './editor/showError';
import { registerStatusBar } from './editor/statusBar';
import { endpointsView } from './editor/tree/endpointsView';
import { modelsView } from './editor/tree/modelsView';
import { targetsView } from './editor/tree/targetsView';
import { registerView } from './editor/tree/view';

/** Makes the parts in the order in which a model passes through them; VS Code disposes of them in reverse. */
export function activate(context: vscode.ExtensionContext): void {
  const store = new DisposableStore();
  context.subscriptions.push(store);
  const log = store.add(vscode.window.createOutputChannel('Slipway', { log: true }));
  try {
    compose(context, store, log);
  } catch (error) {
    log.error(error instanceof Error ? error : String(error));
    void vscode.window.showErrorMessage(`Slipway could not start: ${messageOf(error)}`);
    throw error;
  }
}

function compose(
  context: vscode.ExtensionContext,
  store: DisposableStore,
  log: vscode.LogOutputChannel,
): void {
  const dist = context.asAbsolutePath('dist');
  const version = (context.extension.packageJSON as { version: string }).version;
  // Settings are read when they are needed, so that a change of one needs no restart.
  const options = {
    ...{ dist, version, log },
    folder: join(context.globalStorageUri.fsPath, 'endpoints'),
    get nodePath() {
      return setting('slipway.server.nodePath');
    },
    get timeoutSeconds() {
      return setting('slipway.predict.timeoutSeconds');
    },
    get idleMinutes() {
      return setting('slipway.predict.idleMinutes');
    },
    get host() {
      return setting('slipway.docker.host');
    },
    get nodeBase() {
      return setting('slipway.image.nodeBase');
    },
    get memoryMiB() {
      return setting('slipway.serve.memoryMiB');
    },
  };

  const config = store.add(new WorkspaceConfig());
  const models = store.add(new WorkspaceModels(config));
  const predictor = store.add(new Predictor(options));
  const endpoints = store.add(
    new EndpointStore([new ContainerEngine(options), new ProcessEngine(options)], log),
  );
  const makeTarget = (name: string, options: TargetConfig) => {
    const { host, bind, ports, memoryMiB, cpus } = options;
    return new DockerTarget(
      name,
      {
        ...{ dist, version, memoryMiB: memoryMiB ?? 1024, cpus },
        host: host ?? setting('slipway.docker.host'),
        bind: bind ?? '127.0.0.1',
        ports: ports ?? {},
        proxyImage: setting('slipway.image.proxy'),
        nodeBase: setting('slipway.image.nodeBase'),
      },
      log,
    );
  };
  const targets = store.add(new TargetStore(makeTarget, log));
  const monitor = store.add(new Monitor());

  const services: Services = {
    ...{ log, models, config, endpoints, targets, predictor },
    run: (title, work, buttons) =>
      runWithProgress(title, work, (error, retry) => void showError(log, error, retry, buttons)),
    showError: (error) => void showError(log, error),
    requireTrust,
  };

  const configure = async () => targets.configure(await config.get());
  const follow = () => configure().catch((error: unknown) => log.warn(messageOf(error)));
  store.add(config.onChange(follow));
  store.add(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('slipway.docker') || event.affectsConfiguration('slipway.image')) {
        targets.configure(undefined);
        void follow();
      }
    }),
  );
  void follow();

  const sources = new MetricsSources(services);
  const panels = store.add(new MetricsPanels(context, monitor, sources.resolve, log));
  const samples = store.add(registerSamples(services));
  const refresh = async () => {
    models.refresh();
    await Promise.all([configure(), endpoints.refresh()]);
    await targets.refresh();
  };
  store.add(registerCommands(services, samples.commands, panels, sources, log, refresh));
  store.add(registerView(views.models, modelsView(services)));
  store.add(registerView(views.endpoints, endpointsView(services)));
  store.add(registerView(views.targets, targetsView(services)));
  store.add(registerConfigDiagnostics(config));
  store.add(registerStatusBar(services));
  store.add(registerContextKeys());
}

function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  const message = 'This workspace is not trusted, so nothing of it is run.';
  throw new UserError('untrusted', message, 'Trust it when you know where its models come from.');
}

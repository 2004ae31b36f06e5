import * as vscode from 'vscode';
import { views } from './contributions';
import { DisposableStore } from './core/dispose';
import { ContainerEngine } from './core/endpoint/containerEngine';
import { EndpointStore } from './core/endpoint/endpointStore';
import { Predictor } from './core/endpoint/predictor';
import { ProcessEngine } from './core/endpoint/processEngine';
import { pythonArguments } from './core/endpoint/pythonArguments';
import type { ServerArguments } from './core/endpoint/startServer';
import { messageOf } from './core/errors';
import { Monitor } from './core/metrics/monitor';
import { makeTarget } from './core/release/makeTarget';
import { TargetStore } from './core/release/targetStore';
import { registerCommands } from './editor/commands/commands';
import { registerConfigDiagnostics } from './editor/configDiagnostics';
import { WorkspaceConfig } from './editor/configStore';
import { coreOptions } from './editor/coreOptions';
import { FollowConfig } from './editor/followConfig';
import { makeServices } from './editor/makeServices';
import { MetricsPanels } from './editor/metrics/metricsPanel';
import { MetricsSources } from './editor/metricsSources';
import { WorkspaceModels } from './editor/modelStore';
import { registerPickleDiagnostics } from './editor/pickleDiagnostics';
import { PythonPlaces, pythonPath } from './editor/pythonPlaces';
import { registerSamples } from './editor/sample/registerSamples';
import { recall, registerStatusBar } from './editor/statusBar';
import { endpointsView } from './editor/tree/endpointsView';
import { modelsView } from './editor/tree/modelsView';
import { targetsView } from './editor/tree/targetsView';
import { ReleaseDocuments } from './editor/release/releaseDocuments';
import { followLink } from './editor/release/releaseLinks';
import { ReleasePanels } from './editor/release/releasePanels';
import { registerView } from './editor/tree/view';

/** VS Code does not say when an extension could not start, so this does. */
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

/** Makes the parts in the order in which a model passes through them; they are disposed of in reverse. */
function compose(
  context: vscode.ExtensionContext,
  store: DisposableStore,
  log: vscode.LogOutputChannel,
): void {
  const options = coreOptions(context, log);
  const config = store.add(new WorkspaceConfig());
  const models = store.add(new WorkspaceModels(config));
  const places = new PythonPlaces(config);
  const python = Object.assign(Object.create(options) as typeof options, {
    pythonPlace: places.placeOf,
    pythonPath: (path: string) => pythonPath(vscode.Uri.file(path)),
  });
  const serverArguments: ServerArguments = (path, task) => pythonArguments(path, python, task);
  const local = Object.assign(Object.create(options) as typeof options, { serverArguments });
  const configured = (path: string) => models.configured(path);
  const predictor = store.add(
    new Predictor(Object.assign(Object.create(local) as typeof local, { configured })),
  );
  const engines = [new ContainerEngine(options), new ProcessEngine(local)];
  const endpoints = store.add(new EndpointStore(engines, log));
  const targets = store.add(
    new TargetStore((name, described) => makeTarget(name, described, options, log), log),
  );
  const follow = store.add(new FollowConfig(config, targets, log));
  const monitor = store.add(new Monitor());
  const services = makeServices({
    ...{ log, models, config, endpoints, targets, predictor },
    syncTargets: () => follow.now(),
    admit: (path) => places.admit(path),
  });

  const samples = store.add(registerSamples(services));
  const sources = new MetricsSources(services);
  const panels = store.add(new MetricsPanels(context, monitor, sources.resolve, log));
  const documents = store.add(new ReleaseDocuments(services));
  const pages = store.add(new ReleasePanels(context, services));
  const handleUri = (uri: vscode.Uri) =>
    followLink(uri, services, pages).catch((error: unknown) => services.showError(error));
  store.add(vscode.window.registerUriHandler({ handleUri }));
  store.add(
    registerCommands(
      services,
      samples.commands,
      panels,
      sources,
      log,
      documents,
      pages,
      context.workspaceState,
    ),
  );
  store.add(registerView(views.models, modelsView(services)));
  store.add(registerView(views.endpoints, endpointsView(services)));
  store.add(registerView(views.targets, targetsView(services)));
  store.add(registerConfigDiagnostics(config));
  store.add(registerPickleDiagnostics(models));
  store.add(registerStatusBar(services, context.globalState));
  void recall(services, context.globalState);
}

import * as vscode from 'vscode';
import { internalCommands } from '../../contributions';
import { DisposableStore, type Disposable } from '../../core/dispose';
import type { Services } from '../services';
import { SampleActions } from './sampleActions';
import { SampleCodeLenses } from './sampleCodeLenses';
import { SampleCommands } from './sampleCommands';
import { SampleDecorations } from './sampleDecorations';
import { SampleDiagnostics } from './sampleDiagnostics';
import { SampleHovers } from './sampleHovers';
import { SampleQuickFixes } from './sampleQuickFixes';
import { SampleRuns } from './sampleRuns';
import { SamplesDocuments } from './samplesDocuments';
import { SamplesRefresher } from './samplesRefresher';
import { SampleTests } from './sampleTests';

/** Everything that an editor does with samples files, and what commands do with them. */
export function registerSamples(services: Services): { commands: SampleCommands } & Disposable {
  const store = new DisposableStore();
  const documents = store.add(new SamplesDocuments(services.config));
  const runs = store.add(new SampleRuns(services, documents));
  const decorations = store.add(new SampleDecorations(documents, runs));
  const diagnostics = store.add(new SampleDiagnostics(services, documents, runs));
  const tests = store.add(new SampleTests(documents, runs));
  store.add(new SampleCodeLenses(documents, runs));
  store.add(new SampleHovers(documents, runs));
  store.add(new SampleQuickFixes(documents, diagnostics, runs));
  store.add(new SamplesRefresher(documents, decorations, diagnostics, tests, runs, services.models));
  const cancel = (document: vscode.Uri, key?: string) => runs.cancel(document, key);
  store.add(vscode.commands.registerCommand(internalCommands.cancelPredict, cancel));
  const actions = new SampleActions(services, documents, runs);
  return { commands: new SampleCommands(services, documents, actions, runs), dispose: () => store.dispose() };
}

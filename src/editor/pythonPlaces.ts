import * as vscode from 'vscode';
import type { PythonPlace } from '../core/endpoint/pythonArguments';
import { configuredPlace } from '../core/config/modelName';
import { UserError } from '../core/errors';
import { describeModel } from '../core/model/describeModel';
import { hashModel } from '../core/model/hashModel';
import { isPython } from '../core/model/modelKind';
import { reasonsToAsk, toldReasons } from '../core/model/reasonsToAsk';
import type { ConfigStore } from './services';
import { setting } from './settings';

/** What the question says of each place. */
const placeWords: Record<PythonPlace, string> = {
  container: 'in a container without network',
  process: 'as a process, with all your rights',
};

/** Decides where a model of Python is loaded, and asks before one is that may do harm. */
export class PythonPlaces {
  /** The files, by hash and where they are loaded, that somebody said yes to. */
  readonly #admitted = new Set<string>();

  constructor(private readonly config: ConfigStore) {}

  /** Throws `UserError` `untrusted` when the workspace is not trusted, and `load-refused` when the person says no. */
  readonly placeOf = async (path: string): Promise<PythonPlace> => {
    const config = await this.config.get().catch(() => undefined);
    const root = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    const place = configuredPlace(path, config, root) ?? 'container';
    await this.admit(path, place);
    return place;
  };

  /**
   * Resolves at once for what is not Python's, or shows nothing grave. Throws `UserError` `untrusted` when the workspace is not trusted, and
   * `load-refused` when the person does not want it loaded.
   */
  readonly admit = async (path: string, place: PythonPlace = 'container'): Promise<void> => {
    if (!isPython(path)) return;
    if (!vscode.workspace.isTrusted) {
      const message = 'This workspace is not trusted, so no model of Python in it is loaded.';
      throw new UserError('untrusted', message, seen);
    }
    const python = place === 'process' ? await pythonPath(vscode.Uri.file(path)) : undefined;
    const reasons = reasonsToAsk(await describeModel(path, undefined, python), place);
    if (reasons.length === 0) return;
    const key = `${await hashModel(path)} ${place}`;
    if (this.#admitted.has(key)) return;
    const name = vscode.workspace.asRelativePath(path);
    // The first is what Enter presses.
    const [look, load] = ['Show Problems', 'Load It Anyway'];
    const chosen = await vscode.window.showWarningMessage(
      `Loading ${name} may run code that does harm. Load it ${placeWords[place]}?`,
      { modal: true, detail: toldReasons(reasons).join('\n') },
      look,
      load,
    );
    if (chosen === look) await vscode.commands.executeCommand('workbench.actions.view.problems');
    if (chosen !== load) throw new UserError('load-refused', `${name} was not loaded.`, seen);
    this.#admitted.add(key);
  };
}

const seen = 'Look at what the file would import, in the Models view.';

/**
 * The interpreter for the models of this machine: the one that is selected in the Python extension, else the one of the setting, else
 * `python3`.
 */
export async function pythonPath(resource?: vscode.Uri): Promise<string> {
  const own = setting('slipway.python.interpreter').trim();
  const extension = vscode.extensions.getExtension<PythonApi>('ms-python.python');
  const selected = await selectedInterpreter(await extension?.activate(), resource);
  return selected ?? (own === '' ? 'python3' : own);
}

/** The executable of the environment that is selected in the Python extension, whose path may be a folder. */
export async function selectedInterpreter(
  api: PythonApi | undefined,
  resource = vscode.workspace.workspaceFolders?.[0]?.uri,
): Promise<string | undefined> {
  const environments = api?.environments;
  if (!environments) return undefined;
  const active = environments.getActiveEnvironmentPath(resource);
  const resolved = await environments.resolveEnvironment(active);
  return resolved?.executable.uri?.fsPath;
}

/** What is used of https://www.npmjs.com/package/@vscode/python-extension */
export interface PythonApi {
  environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(environment: {
      path: string;
    }): Promise<{ executable: { uri: vscode.Uri | undefined } } | undefined>;
  };
}

import * as vscode from 'vscode';
import type { PythonPlace } from '../core/endpoint/pythonArguments';
import { configuredPlace } from '../core/config/modelName';
import { UserError } from '../core/errors';
import { describeModel, findingsOf } from '../core/model/describeModel';
import { hashModel } from '../core/model/hashModel';
import { isPython } from '../core/model/modelKind';
import type { ConfigStore } from './services';
import { setting } from './settings';

/** Decides where a model of Python is loaded, and asks before one is that may do harm. */
export class PythonPlaces {
  /** The files, by hash and where they are loaded, that somebody said yes to. */
  readonly #admitted = new Set<string>();

  constructor(private readonly config: ConfigStore) {}

  /** Throws `UserError` `untrusted` when the workspace is not trusted or the person says no. */
  readonly placeOf = async (path: string): Promise<PythonPlace> => {
    const config = await this.config.get().catch(() => undefined);
    const root = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    const place = configuredPlace(path, config, root) ?? 'container';
    await this.admit(
      path,
      place === 'process' ? 'as a process, with all your rights' : 'in a container without network',
    );
    return place;
  };

  /**
   * Resolves at once for what is not Python's, or shows nothing grave. Throws `UserError` `untrusted` when the workspace is not trusted or
   * the person does not want it loaded.
   */
  readonly admit = async (path: string, where = 'in a container'): Promise<void> => {
    if (!isPython(path)) return;
    if (!vscode.workspace.isTrusted)
      throw refused('This workspace is not trusted, so no model of Python in it is loaded.');
    const description = await describeModel(path);
    const { findings, complete } = findingsOf(description);
    const grave = findings.filter(({ level }) => level === 'danger');
    if (grave.length === 0 && complete) return;
    const key = `${await hashModel(path)} ${where}`;
    if (this.#admitted.has(key)) return;
    const told = (grave.length > 0 ? grave : findings).slice(0, 3).map(({ message }) => message);
    const name = vscode.workspace.asRelativePath(path);
    const load = 'Load It Anyway';
    const chosen = await vscode.window.showWarningMessage(
      `Loading ${name} may run code that does harm. Load it ${where}?`,
      { modal: true, detail: told.join('\n') },
      load,
    );
    if (chosen !== load) throw refused(`${name} was not loaded.`);
    this.#admitted.add(key);
  };
}

/** The interpreter that is selected in the Python extension, else the one of the setting, else `python3`. */
export async function pythonPath(): Promise<string> {
  const own = setting('slipway.python.interpreter').trim();
  if (own !== '') return own;
  const extension = vscode.extensions.getExtension<PythonApi>('ms-python.python');
  const api = await extension?.activate();
  return api?.environments?.getActiveEnvironmentPath().path ?? 'python3';
}

/** What is used of https://www.npmjs.com/package/@vscode/python-extension */
interface PythonApi {
  environments?: { getActiveEnvironmentPath(): { path: string } };
}

function refused(message: string): UserError {
  return new UserError('untrusted', message, 'Look at what the file would import, in the Models view.');
}

import * as vscode from 'vscode';
import { commands } from '../contributions';
import { isCancellation, messageOf, UserError, type ErrorCode } from '../core/errors';
import type { Logger } from '../core/logger';

/** A button on a message; what it answers is undefined where it only helps. */
export interface Button<T = undefined> {
  title: string;
  press(): T | Promise<T>;
}

const openConfig = button('Open slipway.json', commands.openConfig);
const showLog = button('Show Log', commands.showLog);

/** The button that helps, by what went wrong. */
const helpful: Partial<Record<ErrorCode, Button>> = {
  'config-invalid': openConfig,
  'engine-unreachable': openSetting('slipway.docker.host'),
  'node-unusable': openSetting('slipway.server.nodePath'),
  'port-taken': openConfig,
  'predict-timeout': openSetting('slipway.predict.timeoutSeconds'),
  'pull-refused': openSetting('slipway.image'),
  'samples-missing': button('New Samples File', commands.newSamples),
  'target-missing': openConfig,
  untrusted: button('Manage Workspace Trust', 'workbench.trust.manage'),
};

/** Errors that may be gone when the same is tried again. */
const passing = new Set<ErrorCode>([
  'build-failed',
  'cluster-refused',
  'cluster-unreachable',
  'disk-full',
  'endpoint-gone',
  'endpoint-not-ready',
  'engine-refused',
  'engine-unreachable',
  'image-missing',
  'port-taken',
  'pull-refused',
  'registry-refused',
  'registry-unreachable',
  'worker-crashed',
]);

export interface ErrorOptions<T> {
  /** Does the same again; offered where that may help. */
  again?: () => Promise<T | undefined>;
  /** Offered before the usual buttons. */
  first?: Button<T | undefined>[];
}

/**
 * The one place where errors become words for people: what failed, what to do next, and buttons that do it.
 * A cancel is silent; what nobody foresaw shows a short message, its stack goes to the log only.
 * @returns What came of a button that did it again or otherwise.
 */
export async function showError<T>(
  log: Logger,
  error: unknown,
  { again, first = [] }: ErrorOptions<T> = {},
): Promise<T | undefined> {
  if (isCancellation(error)) return undefined;
  if (!(error instanceof UserError)) {
    log.error(error instanceof Error ? error : String(error));
    return show<T>(`Slipway ran into an unexpected problem: ${messageOf(error)}`, [showLog]);
  }
  log.warn(`${error.code}: ${error.message}`, ...(error.cause ? [messageOf(error.cause)] : []));
  const fitting = helpful[error.code];
  const all = [
    ...first,
    ...(again && passing.has(error.code) ? [{ title: 'Try Again', press: again }] : []),
    ...(fitting ? [fitting] : []),
    showLog,
  ];
  return show([error.message, error.next].filter(Boolean).join(' '), all);
}

async function show<T>(message: string, all: Button<T | undefined>[]): Promise<T | undefined> {
  const chosen = await vscode.window.showErrorMessage(message, ...all.map(({ title }) => title));
  return all.find(({ title }) => title === chosen)?.press();
}

/** What is the machine's to say is not among the user's settings where the window is not on that machine. */
function openSetting(query: string): Button {
  return vscode.env.remoteName
    ? button('Open Setting', 'workbench.action.openRemoteSettings', { query })
    : button('Open Setting', 'workbench.action.openSettings', query);
}

function button(title: string, command: string, ...given: unknown[]): Button {
  return { title, press: async () => void (await vscode.commands.executeCommand(command, ...given)) };
}

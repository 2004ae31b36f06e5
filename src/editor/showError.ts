import * as vscode from 'vscode';
import { commands } from '../contributions';
import { isCancellation, messageOf, UserError, type ErrorCode } from '../core/errors';
import type { Logger } from '../core/logger';

/** A button on a message. */
export interface Button {
  title: string;
  press(): unknown;
}

const openSetting = (query: string): Button => ({
  title: 'Open Setting',
  press: () => vscode.commands.executeCommand('workbench.action.openSettings', query),
});
const openConfig: Button = {
  title: 'Open slipway.json',
  press: () => vscode.commands.executeCommand(commands.openConfig),
};
const showLog: Button = { title: 'Show Log', press: () => vscode.commands.executeCommand(commands.showLog) };
const manageTrust: Button = {
  title: 'Manage Workspace Trust',
  press: () => vscode.commands.executeCommand('workbench.trust.manage'),
};
const newSamples: Button = {
  title: 'New Samples File',
  press: () => vscode.commands.executeCommand(commands.newSamples),
};

/** The button that helps, by what went wrong. */
const buttons: Partial<Record<ErrorCode, Button>> = {
  'config-invalid': openConfig,
  'engine-unreachable': openSetting('slipway.docker.host'),
  'node-unusable': openSetting('slipway.server.nodePath'),
  'port-taken': openConfig,
  'predict-timeout': openSetting('slipway.predict.timeoutSeconds'),
  'pull-refused': openSetting('slipway.image'),
  'samples-missing': newSamples,
  'target-missing': openConfig,
  untrusted: manageTrust,
};

/** Errors that may be gone when the same is tried again. */
const passing = new Set<ErrorCode>([
  'build-failed',
  'disk-full',
  'endpoint-gone',
  'endpoint-not-ready',
  'engine-refused',
  'engine-unreachable',
  'image-missing',
  'port-taken',
  'pull-refused',
  'worker-crashed',
]);

/**
 * The one place where errors become words for people: what failed, what to do next, and buttons that do it.
 * A cancel is silent; what nobody foresaw shows a short message, its stack goes to the log only.
 */
export async function showError(
  log: Logger,
  error: unknown,
  retry?: () => unknown,
  more: Button[] = [],
): Promise<void> {
  if (isCancellation(error)) return;
  if (!(error instanceof UserError)) {
    log.error(error instanceof Error ? error : String(error));
    return show(`Slipway ran into an unexpected problem: ${messageOf(error)}`, [showLog]);
  }
  log.warn(`${error.code}: ${error.message}`, ...(error.cause ? [messageOf(error.cause)] : []));
  const fitting = buttons[error.code];
  const all = [
    ...more,
    ...(fitting ? [fitting] : []),
    ...(retry && passing.has(error.code) ? [{ title: 'Try Again', press: retry }] : []),
    showLog,
  ];
  return show([error.message, error.next].filter(Boolean).join(' '), all);
}

async function show(message: string, all: Button[]): Promise<void> {
  const chosen = await vscode.window.showErrorMessage(message, ...all.map(({ title }) => title));
  await all.find(({ title }) => title === chosen)?.press();
}

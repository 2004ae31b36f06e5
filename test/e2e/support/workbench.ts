import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Frame, Locator, Page } from 'playwright-core';
import { launchBrowser } from '../../host/browser';
import { startCodeServer, type CodeServer } from '../../host/codeServer';
import { copyWorkspace, temporaryFolder } from '../../host/workspace';
import { Editor } from './editor';
import { makeProfile, type Theme } from './profile';
import { QuickInput } from './quickInput';
import { stopServers } from './servers';
import { Tree } from './tree';

export interface WorkbenchOptions {
  /** The folder to open; a copy of the sample workspace by default. */
  workspace?: string;
  theme?: Theme;
  /** User settings beyond those that every test has. */
  settings?: object;
  /** Whether the workspace is asked to be trusted before anything runs; trusted by default. */
  askForTrust?: boolean;
  /** Where screenshots go; `out/e2e` by default. */
  screenshots?: string;
}

/** Opens a real VS Code with the packaged extension in it, as somebody would who has just installed both. */
export async function openWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  const folder = await temporaryFolder('e2e');
  const workspace = options.workspace ?? (await copyWorkspace(join(folder, 'workspace')));
  const profile = await makeProfile(folder, options.theme ?? 'dark', options.settings ?? {});
  const start = () => startCodeServer(profile, { trust: options.askForTrust });
  const browser = await launchBrowser();
  const page = await browser.newPage({
    viewport: { width: 1440, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const { userData } = profile;
  const workbench = new Workbench(page, workspace, userData, start, browser, options.screenshots);
  await workbench.open();
  return workbench;
}

/** A VS Code window in the words of the person before it. Whatever is asked for is waited for. */
export class Workbench {
  readonly quickInput: QuickInput;
  readonly editor: Editor;
  #server: CodeServer | undefined;

  constructor(
    readonly page: Page,
    readonly workspace: string,
    private readonly userData: string,
    private readonly start: () => Promise<CodeServer>,
    private readonly browser: Browser,
    private readonly screenshots = 'out/e2e',
  ) {
    this.quickInput = new QuickInput(page);
    this.editor = new Editor(page);
  }

  /** Opens the window, or opens it again after it was killed. */
  async open(): Promise<void> {
    this.#server ??= await this.start();
    await this.page.goto(`${this.#server.url}/?folder=${this.workspace}`);
    await this.#ready();
  }

  /** Loads the window anew, as its command does: it comes back as it was. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('load');
    await this.runCommand('Developer: Reload Window');
    await loaded;
    await this.#ready();
  }

  async #ready(): Promise<void> {
    await this.page.locator('.monaco-workbench .activitybar').waitFor();
    await this.page.locator('.statusbar-item').first().waitFor();
  }

  /** Kills VS Code with its extension host, in the middle of whatever they do. */
  async kill(): Promise<void> {
    await this.#server?.kill();
    this.#server = undefined;
    await this.page.goto('about:blank');
  }

  runCommand(title: string): Promise<void> {
    return this.quickInput.runCommand(title);
  }

  openFile(path: string): Promise<void> {
    return this.quickInput.openFile(path);
  }

  pick(text: string | RegExp): Promise<void> {
    return this.quickInput.pick(text);
  }

  typeInQuickInput(text: string): Promise<void> {
    return this.quickInput.type(text);
  }

  /** Shows the views behind an icon of the activity bar. */
  async openViews(title: string): Promise<void> {
    const icon = this.page.locator(`.activitybar .action-item:has([aria-label^="${title}"])`);
    await icon.waitFor();
    if (!(await icon.getAttribute('class'))?.includes('checked')) await icon.click();
    await this.page.locator('.sidebar .composite.title', { hasText: new RegExp(title, 'i') }).waitFor();
  }

  tree(title: string): Tree {
    return new Tree(this.page, title);
  }

  treeItem(view: string, label: string | RegExp): Promise<Locator> {
    return this.tree(view).item(label);
  }

  clickTreeAction(view: string, label: string | RegExp, title: string): Promise<void> {
    return this.tree(view).action(label, title);
  }

  /** A CodeLens of the active editor. */
  codeLens(title: string, index = 0): Locator {
    return this.editor.lens(title, index);
  }

  /** A notification, once it is shown; `button` of it is clicked when given. */
  async notification(text: string | RegExp, button?: string): Promise<string> {
    const toast = this.page
      .locator('.notifications-toasts .notification-list-item', { hasText: text })
      .first();
    await toast.waitFor();
    const message = await toast.locator('.notification-list-item-message').innerText();
    if (!button) return message;
    // As long as it takes to read: of more than three messages within 0.8 s, VS Code hides some.
    await this.page.waitForTimeout(1000);
    await toast.locator('.monaco-button', { hasText: button }).click();
    return message;
  }

  /** Cancels what a notification shows the progress of. */
  async notificationCancel(text: string | RegExp): Promise<void> {
    const toast = this.page
      .locator('.notifications-toasts .notification-list-item', { hasText: text })
      .first();
    await toast.locator('.monaco-button', { hasText: 'Cancel' }).click();
  }

  /** Closes all notifications, and waits until VS Code shows the next ones: of more than three within 0.8 s it hides some. */
  async clearNotifications(): Promise<void> {
    await this.runCommand('Notifications: Clear All Notifications');
    await this.page
      .locator('.notifications-toasts .notification-list-item')
      .first()
      .waitFor({ state: 'hidden' });
    await this.page.waitForTimeout(1000);
  }

  /** Clicks a button of the dialog in the middle of the window. */
  async dialog(button: string): Promise<void> {
    await this.page.locator('.monaco-dialog-box .monaco-button', { hasText: button }).click();
  }

  /** The text in the clipboard. */
  clipboard(): Promise<string> {
    return this.page.evaluate('navigator.clipboard.readText()');
  }

  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator('.statusbar-item', { hasText: text }).first();
  }

  /** The page of a webview whose tab says `title`. */
  async webviewFrame(title: string | RegExp): Promise<Frame> {
    const tab = this.page.locator('.tab', { hasText: title }).first();
    await tab.click();
    const deadline = Date.now() + 30_000;
    while (Date.now() < deadline) {
      const frame = await this.visibleWebview();
      if (frame) return frame;
      await this.page.waitForTimeout(100);
    }
    throw new Error(`The page of ${String(title)} did not load.`);
  }

  private async visibleWebview(): Promise<Frame | undefined> {
    for (const outer of await this.page.locator('iframe.webview.ready').all()) {
      if (!(await outer.isVisible())) continue;
      const inner = (await (await outer.elementHandle())?.contentFrame())?.locator('iframe#active-frame');
      if (!inner || (await inner.count()) === 0) continue;
      return (await (await inner.elementHandle())?.contentFrame()) ?? undefined;
    }
    return undefined;
  }

  /** Saves a picture of the window, and answers its file. */
  async screenshot(name: string): Promise<string> {
    mkdirSync(this.screenshots, { recursive: true });
    const path = join(this.screenshots, `${name}.png`);
    // What slides in has come to rest.
    await this.page.waitForTimeout(300);
    await this.page.screenshot({ path });
    return path;
  }

  /** Closes the window and its VS Code, and ends the servers that its extension left running. */
  async close(): Promise<void> {
    await this.browser.close();
    await this.#server?.stop();
    await stopServers(this.userData);
  }
}

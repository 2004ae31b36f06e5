import type { Locator, Page } from 'playwright-core';

/** One of the views in the sidebar. */
export class Tree {
  constructor(
    private readonly page: Page,
    readonly title: string,
  ) {}

  private get pane(): Locator {
    const header = this.page.locator('.pane-header', {
      has: this.page.getByText(this.title, { exact: true }),
    });
    return this.page.locator('.pane', { has: header });
  }

  /** The item whose line says `label`, once it is there. */
  async item(label: string | RegExp): Promise<Locator> {
    const row = this.row(label);
    await row.waitFor();
    return row;
  }

  /** Shows what is below an item. */
  async expand(label: string | RegExp): Promise<void> {
    const row = await this.item(label);
    if ((await row.getAttribute('aria-expanded')) === 'false')
      await row.locator('.monaco-tl-twistie').click();
  }

  /** Hides what is below an item. */
  async collapse(label: string | RegExp): Promise<void> {
    const row = await this.item(label);
    if ((await row.getAttribute('aria-expanded')) === 'true') await row.locator('.monaco-tl-twistie').click();
  }

  async click(label: string | RegExp): Promise<void> {
    await (await this.item(label)).locator('.monaco-icon-label').first().click();
  }

  /** Clicks one of the buttons that an item shows under the mouse. */
  async action(label: string | RegExp, title: string): Promise<void> {
    const row = await this.item(label);
    await row.hover();
    await row.locator(`.actions .action-label[aria-label^="${title}"]`).click();
  }

  /** Chooses from an item's context menu. */
  async menu(label: string | RegExp, title: string): Promise<void> {
    await (await this.item(label)).click({ button: 'right' });
    const entry = this.page.locator('.monaco-menu .action-label', { hasText: title }).first();
    await entry.hover();
    // A menu takes no click in its first moment, so that the one that opened it does not choose.
    await this.page.waitForTimeout(250);
    await entry.click();
  }

  /** Waits until no item says `label`. */
  async gone(label: string | RegExp): Promise<void> {
    await this.row(label).waitFor({ state: 'hidden' });
  }

  /** What all visible items say, from top to bottom. */
  async lines(): Promise<string[]> {
    await this.pane.waitFor();
    return this.pane.locator('.monaco-list-row').allInnerTexts();
  }

  /** The text that an empty view shows instead of items, once it says this: before, it may still look for items. */
  async welcome(text: RegExp): Promise<void> {
    await this.pane.locator('.welcome-view-content', { hasText: text }).waitFor();
  }

  /** Presses a button of the text that an empty view shows. */
  async press(button: string): Promise<void> {
    await this.pane.locator('.welcome-view-content .monaco-button', { hasText: button }).click();
  }

  private row(label: string | RegExp): Locator {
    return this.pane.locator('.monaco-list-row', { hasText: label }).first();
  }
}

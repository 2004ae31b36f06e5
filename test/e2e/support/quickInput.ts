import type { Locator, Page } from 'playwright-core';

/** The palette, quick picks and input boxes at the top of the window. */
export class QuickInput {
  constructor(private readonly page: Page) {}

  private get widget(): Locator {
    return this.page.locator('.quick-input-widget:visible');
  }

  private get input(): Locator {
    return this.widget.locator('.quick-input-filter input, .quick-input-filter textarea').first();
  }

  private get rows(): Locator {
    return this.widget.locator('.quick-input-list .monaco-list-row');
  }

  /** Runs a command by its title, as in `Slipway: Serve Model`. Fails when the palette does not offer it. */
  async runCommand(title: string): Promise<void> {
    await this.chooseFrom('F1', `>${title}`, title);
  }

  /** Whether the palette offers a command now. */
  async offersCommand(title: string): Promise<boolean> {
    await this.page.keyboard.press('F1');
    await this.input.fill(`>${title}`);
    await this.rows.first().waitFor();
    const offered = await this.row(title).count();
    await this.dismiss();
    return offered > 0;
  }

  /** Opens a file of the workspace by its path. */
  async openFile(path: string): Promise<void> {
    const name = path.split('/').at(-1) ?? path;
    await this.chooseFrom('ControlOrMeta+P', path, name);
    await this.page.locator('.tab', { hasText: name }).first().waitFor();
  }

  /** Picks what says `text` in the quick pick that is open or about to open. */
  async pick(text: string | RegExp): Promise<void> {
    await this.choose(text);
  }

  /** Picks all of an open quick pick that takes several. */
  async pickAll(): Promise<void> {
    await this.rows.first().waitFor();
    await this.widget.getByRole('checkbox').first().click();
    await this.page.keyboard.press('Enter');
  }

  /** What the open quick pick offers, as label and description. */
  async offers(): Promise<string[]> {
    await this.rows.first().waitFor();
    const rows = await this.rows.all();
    return Promise.all(rows.map(async (row) => (await row.getAttribute('aria-label')) ?? ''));
  }

  /** Types into the input box that is open or about to open, and accepts it. */
  async type(text: string): Promise<void> {
    await this.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Types into the input box that is open or about to open. */
  async fill(text: string): Promise<void> {
    // An input box has no list: it may take the place of a quick pick that was answered.
    await this.widget.locator('.quick-input-list').waitFor({ state: 'hidden' });
    await this.input.fill(text);
  }

  /** What is written in the one that is open. */
  text(): Promise<string> {
    return this.input.inputValue();
  }

  /** Leaves the one that is open without an answer. */
  async dismiss(): Promise<void> {
    await this.input.press('Escape');
    await this.widget.waitFor({ state: 'hidden' });
  }

  private row(text: string | RegExp): Locator {
    const wanted = typeof text === 'string' ? new RegExp(`(^|\\s)${escape(text)}(\\s|$)`) : text;
    return this.rows.filter({ has: this.page.locator('.label-name', { hasText: wanted }) });
  }

  /** Opens the palette by its key. An editor that takes the focus late closes it: then it is opened again, as a person would. */
  private async chooseFrom(key: string, filter: string, text: string): Promise<void> {
    for (let left = 3; ; left--) {
      await this.page.keyboard.press(key);
      try {
        await this.input.fill(filter, { timeout: 5000 });
        return await this.choose(text, 10_000);
      } catch (error) {
        if (left === 1 || (await this.widget.isVisible())) throw error;
      }
    }
  }

  /** @param timeout in milliseconds; that of the page by default */
  private async choose(text: string | RegExp, timeout?: number): Promise<void> {
    await this.row(text).first().click({ timeout });
    // Out of the way of what is below: it would show its hover.
    await this.page.mouse.move(720, 888);
  }
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

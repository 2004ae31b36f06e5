import type { Locator, Page } from 'playwright-core';

/** The active text editor. */
export class Editor {
  constructor(private readonly page: Page) {}

  /** A CodeLens by its title; `index` counts those of the same title from the top. */
  lens(title: string, index = 0): Locator {
    // The icon before a title is a space of its own.
    const exactly = new RegExp(`^\\s*${title}\\s*$`);
    return this.page.locator('.editor-instance .codelens-decoration a', { hasText: exactly }).nth(index);
  }

  /** Waits for a line whose text, as decorations write it behind the line's own, matches; answers that text. */
  async behindLine(text: RegExp): Promise<string> {
    for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
      const found = (await this.#decorations()).find((decoration) => text.test(decoration));
      if (found) return found;
      await this.page.waitForTimeout(100);
    }
    throw new Error(`No line says ${String(text)}; said is: ${(await this.#decorations()).join(' | ')}`);
  }

  /** Types over what a piece of text in the visible lines says. */
  async replace(text: string, by: string): Promise<void> {
    await this.page.locator('.editor-instance .view-lines').first().click();
    await this.page.keyboard.press('ControlOrMeta+F');
    const find = this.page.locator('.find-widget.visible .find-part textarea');
    await find.fill(text);
    await this.page.keyboard.press('Enter');
    await this.page.keyboard.press('Escape');
    await this.page.keyboard.type(by);
  }

  /** Saves the active editor's file. */
  async save(): Promise<void> {
    await this.page.keyboard.press('ControlOrMeta+S');
    await this.page.locator('.tab.active:not(.dirty)').waitFor();
  }

  /** What decorations write behind lines is the style sheet's, not the document's. */
  async #decorations(): Promise<string[]> {
    const contents = `[...document.querySelectorAll('.editor-instance .view-line span')]
      .map((span) => getComputedStyle(span, '::after').content)
      .filter((content) => content.startsWith('"'))`;
    const found: string[] = await this.page.evaluate(contents);
    return found.map((content) => content.slice(1, -1).replaceAll('\u00a0', ' '));
  }
}

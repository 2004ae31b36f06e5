import { colours, type Colour } from './colours';

/** The colours of the editor's theme, for what draws on a canvas and so can not use CSS variables. */
export class Theme {
  #values = new Map<Colour, string>();

  constructor() {
    this.#read();
  }

  colour(name: Colour): string {
    return this.#values.get(name) || this.#values.get('text') || '#888888';
  }

  /** A colour that lets through what is behind it. */
  faint(name: Colour): string {
    return `color-mix(in srgb, ${this.colour(name)} 16%, transparent)`;
  }

  /** Calls back each time after the theme has changed. */
  onChange(listener: () => void): void {
    const observer = new MutationObserver(() => {
      this.#read();
      listener();
    });
    observer.observe(document.documentElement, { attributeFilter: ['style', 'class'] });
    observer.observe(document.body, { attributeFilter: ['class', 'data-vscode-theme-id'] });
  }

  #read(): void {
    const style = getComputedStyle(document.documentElement);
    for (const name of Object.keys(colours) as Colour[]) {
      this.#values.set(name, style.getPropertyValue(colours[name]).trim());
    }
  }
}

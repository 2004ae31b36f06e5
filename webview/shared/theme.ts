/** The colours of charts, by the names of VS Code's theme. */
export const colours = {
  blue: '--vscode-charts-blue',
  green: '--vscode-charts-green',
  orange: '--vscode-charts-orange',
  purple: '--vscode-charts-purple',
  red: '--vscode-charts-red',
  yellow: '--vscode-charts-yellow',
  text: '--vscode-charts-foreground',
  line: '--vscode-charts-lines',
  muted: '--vscode-descriptionForeground',
  background: '--vscode-editor-background',
  grid: '--vscode-editorWidget-border',
} as const;

export type Colour = keyof typeof colours;

/** The colours of the editor's theme, for what draws on a canvas and so can not use CSS variables. */
export class Theme {
  #values = new Map<Colour, string>();

  constructor() {
    this.#read();
  }

  colour(name: Colour): string {
    return this.#values.get(name) || this.#values.get('text') || '#888888';
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

/** The colours of charts, by the names of VS Code's theme. */
export const colours = {
  blue: '--vscode-charts-blue',
  green: '--vscode-charts-green',
  purple: '--vscode-charts-purple',
  red: '--vscode-charts-red',
  yellow: '--vscode-charts-yellow',
  text: '--vscode-charts-foreground',
  muted: '--vscode-descriptionForeground',
  background: '--vscode-editor-background',
} as const;

export type Colour = keyof typeof colours;

import { randomBytes } from 'node:crypto';
import type * as vscode from 'vscode';

export interface Page {
  title: string;
  /** Of `dist/webview`. */
  script: vscode.Uri;
  styles: vscode.Uri[];
}

/** The document of a webview. It may load what is named here, and nothing else: nothing from the network, no inline script. */
export function webviewHtml(
  webview: Pick<vscode.Webview, 'asWebviewUri' | 'cspSource'>,
  { title, script, styles }: Page,
): string {
  const nonce = randomBytes(16).toString('base64');
  const { cspSource } = webview;
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    // The toolkit and the chart library set styles from script.
    `style-src ${cspSource} 'unsafe-inline'`,
    `font-src ${cspSource}`,
  ].join('; ');
  const uri = (resource: vscode.Uri) => escapeHtml(webview.asWebviewUri(resource).toString());
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${escapeHtml(title)}</title>
    ${styles.map((style) => `<link rel="stylesheet" href="${uri(style)}" />`).join('\n    ')}
  </head>
  <body>
    <div id="root"></div>
    <script nonce="${nonce}" src="${uri(script)}"></script>
  </body>
</html>
`;
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

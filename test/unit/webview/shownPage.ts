import { build } from 'esbuild';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import type { Uri } from 'vscode';
import { webviewHtml } from '../../../src/editor/webviewHtml';

/** A page in a browser, as its editor shows it: with our own document and policy, and a stand-in for the editor's API. */
export interface ShownPage {
  page: Page;
  /** What the page complained of. */
  problems: string[];
  close(): Promise<void>;
}

/**
 * Shows `webview/NAME`. In the page, `posted` holds what it has sent, and `kept` what it keeps.
 * @param state what it had kept before
 */
export async function showPage(
  browser: Browser,
  name: string,
  state?: object,
  viewport = { width: 1200, height: 900 },
): Promise<ShownPage> {
  const files = await bundle(name);
  const server = createServer((request, response) => {
    const isDocument = request.url === '/';
    const type = isDocument ? 'html' : request.url?.endsWith('css') ? 'css' : 'javascript';
    response.setHeader('content-type', `text/${type}`).end(isDocument ? html : files.get(request.url ?? ''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const asUri = (path: string) => path as unknown as Uri;
  const html = webviewHtml(
    { cspSource: origin, asWebviewUri: (resource) => resource },
    { title: name, script: asUri(`/${name}.js`), styles: [asUri(`/${name}.css`)] },
  );
  const page = await browser.newPage({ viewport });
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  await page.addInitScript(`
    globalThis.posted = [];
    globalThis.kept = ${JSON.stringify(state ?? null)};
    globalThis.acquireVsCodeApi = () => ({
      postMessage: (message) => posted.push(message),
      getState: () => kept ?? undefined,
      setState: (state) => (globalThis.kept = state),
    });`);
  await page.goto(origin);
  const close = async () => {
    await page.close();
    server.close();
  };
  return { page, problems, close };
}

const bundles = new Map<string, Promise<Map<string, string>>>();

function bundle(name: string): Promise<Map<string, string>> {
  let bundled = bundles.get(name);
  if (!bundled) bundles.set(name, (bundled = bundleOnce(name)));
  return bundled;
}

async function bundleOnce(name: string): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    entryPoints: { [name]: `webview/${name}/main.ts` },
    bundle: true,
    format: 'iife',
    target: 'chrome120',
    outdir: 'out/test/webview',
    write: false,
    logLevel: 'warning',
  });
  return new Map(outputFiles.map(({ path, text }) => [`/${path.split('/').at(-1)}`, text]));
}

/**
 * A stand-in for the desktop's executable where that can not be downloaded. It takes VS Code's own flags, starts VS Code's
 * server, opens the workbench in a browser without a window, and exits with the code of the tests that run in the extension host.
 */
import { format, parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { launchBrowser } from './browser';
import { startCodeServer } from './codeServer';

const remote = (path: string) => `vscode-remote://remote${path}`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ strict: false, allowPositionals: true });
  const flag = (name: string): string => {
    const value = values[name];
    if (typeof value !== 'string') throw new Error(`--${name}=… is missing.`);
    return value;
  };
  const query = new URLSearchParams({
    payload: JSON.stringify([
      ['extensionDevelopmentPath', remote(flag('extensionDevelopmentPath'))],
      ['extensionTestsPath', remote(flag('extensionTestsPath'))],
      ['skipWelcome', 'true'],
    ]),
  });
  const [folder] = positionals;
  if (folder) query.set('folder', folder);
  else query.set('ew', 'true');

  const trust = values['disable-workspace-trust'] !== true;
  const profile = { userData: flag('user-data-dir'), extensions: flag('extensions-dir') };
  const [server, browser] = await Promise.all([startCodeServer(profile, { trust }), launchBrowser()]);
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const exit = listen(page);
    await allowTests(page, server.url);
    await page.goto(`${server.url}/?${query.toString()}`);
    return await exit;
  } finally {
    await Promise.allSettled([browser.close(), server.stop()]);
  }
}

/** Resolves with the exit code of the tests, and prints what they print. */
function listen(page: Page): Promise<number> {
  return new Promise((resolve, reject) => {
    const log = (type: string, args: unknown[]) => console.log(`[${type}] ${format(...args)}`);
    page.on('crash', () => reject(new Error('The workbench crashed.')));
    void page.exposeFunction('codeAutomationLog', log);
    void page.exposeFunction('codeAutomationExit', (code: number) => resolve(code));
  });
}

/** The workbench heeds the payload's test path only where its page says that it is driven by a test. */
async function allowTests(page: Page, url: string): Promise<void> {
  await page.route(`${url}/?*`, async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(
      '&quot;developmentOptions&quot;:{',
      '$&&quot;enableSmokeTestDriver&quot;:true,',
    );
    await route.fulfill({ response, body });
  });
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);

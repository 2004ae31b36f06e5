import assert from 'node:assert/strict';
import type { Browser, Locator, Page } from 'playwright-core';
import { fromPage, viewState, type ReleaseFacts, type ToPage } from '../../../src/core/protocol/release';
import { chromiumPath, launchBrowser } from '../../host/browser';
import { skip } from '../../host/skip';
import { showPage, type ShownPage } from './shownPage';

const subject = { id: 'staging/iris/3', name: 'iris r3', target: 'staging' };
const answered = Date.parse('2026-11-23T12:00:00Z');

function facts(more: Partial<ReleaseFacts> = {}): ReleaseFacts {
  return {
    ...{ revision: 3, target: 'staging', state: 'serving', health: 'ready', traffic: 100, note: 'retrained' },
    ...{
      author: 'ada@home',
      created: answered,
      commit: `${'c0ffee'.repeat(6)}c0ff+`,
      digest: `sha256:${'d1'.repeat(32)}`,
    },
    samplesHash: 'ab'.repeat(32),
    url: 'http://127.0.0.1:49153',
    stableUrl: 'http://127.0.0.1:8600',
    model: { name: 'iris', path: '/home/ada/work/models/iris.onnx', hash: 'ef'.repeat(32) },
    proof: {
      words: '3 of 4 samples pass',
      samples: [
        { name: 'setosa', result: 'passed', milliseconds: 1.23 },
        { name: 'setosa', result: 'passed', milliseconds: 1.5 },
        { name: 'wrong', result: 'failed', milliseconds: 2 },
        { name: 'free', result: 'predicted', milliseconds: 3 },
      ],
    },
    settings: [{ name: 'memoryMiB', value: '512' }],
    steps: [],
    actions: ['rollBack', 'metrics', 'logs', 'compare', 'copyLink', 'remove'],
    others: [
      {
        ...{ id: 'staging/iris/2', revision: 2, state: 'retired', health: 'stopped', traffic: 0 },
        ...{ note: 'second', created: answered },
      },
    ],
    ...more,
  };
}

const told = (more: Partial<ReleaseFacts> = {}): ToPage => ({
  ...subject,
  type: 'release',
  facts: facts(more),
});

describe('the page of a release in a browser', () => {
  let browser: Browser;
  let shown: ShownPage;
  let page: Page;

  before(async function () {
    if (!chromiumPath()) skip(this, 'there is no Chromium');
    browser = await launchBrowser();
  });
  after(() => browser?.close());
  afterEach(() => shown?.close());

  async function open(state?: object, width = 1000): Promise<void> {
    shown = await showPage(browser, 'release', state, { width, height: 900 });
    ({ page } = shown);
  }

  async function send(message: ToPage): Promise<void> {
    await page.evaluate(`window.postMessage(${JSON.stringify(message)}, '*')`);
    await page.waitForTimeout(50);
  }

  const button = (name: string | RegExp): Locator => page.getByRole('button', { name, exact: true });
  const section = (name: string): Locator => page.getByRole('region', { name });
  const text = (locator: Locator): Promise<string> => locator.innerText();
  const spoken = (): Promise<string | null> => page.getByRole('status').textContent();
  /** What it has sent beside `ready`, all of which its editor must understand. */
  async function sent(): Promise<unknown[]> {
    const posted = await page.evaluate<unknown[]>('posted');
    for (const message of posted) fromPage.parse(message);
    return posted.slice(1);
  }

  it('asks for its content, and shows all of it under the policy', async () => {
    await open();
    assert.deepEqual(await page.evaluate('posted'), [{ type: 'ready' }]);
    await send(told());
    assert.equal(await text(page.getByRole('heading', { level: 1 })), 'iris r3 on staging');
    assert.match(await text(page.locator('header')), /Serving, 100 % of the traffic/);
    assert.match(await text(section('How to reach it')), /Stable address\s+http:\/\/127.0.0.1:8600/);
    const about = await text(section('About'));
    for (const part of [
      'retrained',
      'by ada@home',
      'with changes that are not in it',
      '/models/iris.onnx',
      'efef',
    ])
      assert.ok(about.includes(part), `${part} in ${about}`);
    assert.match(await text(section('Settings')), /memoryMiB\s+512/);
    assert.match(await text(section('Other revisions')), /r2\s*Retired, no traffic · second/);
    assert.equal(await section('Being deployed').count(), 0);
    assert.deepEqual(shown.problems, []);
  });

  it('has the samples in a table, each with its result and latency in words', async () => {
    await open();
    await send(told());
    const rows = await page
      .getByRole('table', { name: 'Samples that it was proven with' })
      .getByRole('row')
      .all();
    assert.deepEqual(await Promise.all(rows.map(text)), [
      'Sample\tResult\tLatency',
      'setosa\tPassed\t1.23 ms',
      'setosa\tPassed\t1.5 ms',
      'wrong\tFailed\t2 ms',
      'free\tPredicted, nothing expected\t3 ms',
    ]);
    await send(told({ proof: undefined, steps: [{ name: 'verify', state: 'current' }] }));
    assert.match(await text(section('Samples')), /The results are kept once it has all the traffic/);
    await send(told({ proof: undefined }));
    assert.match(await text(section('Samples')), /Nothing is kept/);
    assert.equal(await page.getByRole('table').count(), 0);
  });

  it('offers what can be done, and says what was pressed', async () => {
    await open();
    await send(told());
    const bar = page.getByRole('group', { name: 'Actions' });
    assert.deepEqual(
      (await bar.locator('vscode-button').allInnerTexts()).map((label) => label.trim()),
      ['Roll Back…', 'Open Metrics', 'Open Logs', 'Compare with…', 'Copy Link', 'Remove…'],
    );
    await button('Roll Back…').click();
    await button('Copy http://127.0.0.1:49153').click();
    await button('Open revision 2').click();
    assert.deepEqual(await sent(), [
      { type: 'run', action: 'rollBack' },
      { type: 'copyUrl', url: 'http://127.0.0.1:49153' },
      { type: 'open', id: 'staging/iris/2' },
    ]);
    assert.match((await spoken()) ?? '', /49153 is on the clipboard/);
  });

  it('is used by keys, in the order of what is seen', async () => {
    await open();
    await send(told());
    const order: unknown[] = [];
    for (let pressed = 0; pressed < 9; pressed++) {
      await page.keyboard.press('Tab');
      order.push(
        await page.evaluate(`document.activeElement.ariaLabel ?? document.activeElement.innerText.trim()`),
      );
    }
    assert.deepEqual(order.slice(0, 2), ['Roll Back…', 'Open Metrics']);
    assert.deepEqual(order.slice(-3), [
      'Copy http://127.0.0.1:8600',
      'Copy http://127.0.0.1:49153',
      'Open revision 2',
    ]);
    await page.keyboard.press('Enter');
    assert.deepEqual(await sent(), [{ type: 'open', id: 'staging/iris/2' }]);
  });

  it('keeps the focus over updates, and gives it to the heading where what had it goes', async () => {
    await open();
    await send(told({ state: 'candidate', traffic: 0, actions: ['promote', 'logs', 'remove'] }));
    await button('Open Logs').focus();
    await send(
      told({ state: 'canary', traffic: 10, actions: ['finish', 'promote', 'metrics', 'logs', 'remove'] }),
    );
    assert.equal(await page.evaluate(`document.activeElement.dataset.action`), 'logs');
    await button('Promote…').focus();
    await send(told());
    assert.equal(await page.evaluate(`document.activeElement.tagName`), 'H1');
  });

  it('says aloud what becomes of the release, once, and not what one finds', async () => {
    await open();
    await send({ ...subject, type: 'waiting' });
    await send(told({ state: 'candidate', health: 'starting', traffic: 0 }));
    assert.equal(await spoken(), 'iris r3: Candidate, no traffic. starting');
    await send(told());
    assert.equal(await spoken(), 'iris r3: Serving, 100 % of the traffic');
    await page.evaluate(`document.querySelector('[role=status]').textContent = ''`);
    await send(told({ note: 'other' }));
    assert.equal(await spoken(), '');
  });

  it('says in words and with an icon that it is not all well, or on its way out', async () => {
    await open();
    const shown = async () => ({
      words: await text(page.locator('header .state')),
      icon: await page.locator('header .state-icon').getAttribute('data-icon'),
    });
    const detail = '1 of 2 servers are ready. No node takes its pod: no room.';
    await send(told({ health: 'degraded', detail }));
    assert.deepEqual(await shown(), { words: 'Serving, 100 % of the traffic · degraded', icon: 'warning' });
    assert.equal(await text(page.locator('header .detail')), detail);
    await send(told({ health: 'deleting' }));
    assert.deepEqual(await shown(), {
      words: 'Serving, 100 % of the traffic · being deleted',
      icon: 'trash',
    });
    assert.equal(await spoken(), 'iris r3: Serving, 100 % of the traffic. being deleted');
  });

  it('shows how far the release has come while it is made', async () => {
    await open();
    const steps: ReleaseFacts['steps'] = [
      { name: 'check', state: 'done' },
      { name: 'verify', state: 'current' },
      { name: 'traffic', state: 'waiting' },
    ];
    await send(told({ state: 'candidate', steps, actions: ['finish', 'promote'] }));
    const items = section('Being deployed').getByRole('listitem');
    assert.deepEqual(
      (await items.allInnerTexts()).map((line) => line.trim()),
      ['Check the target done', 'Run the samples now', 'Move the traffic to come'],
    );
    assert.equal(await page.locator('[aria-current=step]').innerText(), ' Run the samples now'.trim());
    await send(told());
    assert.equal(await section('Being deployed').count(), 0);
  });

  it('of a target that is away keeps what was known, with its time, offers nothing but to ask again', async () => {
    await open();
    await send(told());
    const why = 'No Docker engine answers.';
    await send({ ...subject, type: 'unreachable', why, next: 'Start Docker.', answered });
    const notice = await text(page.locator('.notice'));
    assert.match(notice, /staging can not be asked: No Docker engine answers\./);
    assert.match(await text(page.locator('header')), /Last known: Serving/);
    assert.match(notice, /Start Docker\. What is shown here was so on .*2026/);
    assert.match(await text(section('About')), /retrained/);
    assert.equal(await page.getByRole('group', { name: 'Actions' }).count(), 0);
    await button('Retry').click();
    assert.deepEqual(await sent(), [{ type: 'retry' }]);
    assert.equal(await button('Asking…').count(), 1);
    await send({ ...subject, type: 'unreachable', why, answered });
    assert.equal(await button('Retry').count(), 1);
    await send(told());
    assert.equal(await page.locator('.notice').isVisible(), false);
  });

  it('comes back after a reload with what was known, also while its target is away', async () => {
    await open();
    await send(told());
    const kept = await page.evaluate<object>('kept');
    assert.equal(viewState.parse(kept).id, subject.id);
    await shown.close();
    await open(kept);
    await send({ ...subject, type: 'unreachable', why: 'Away.' });
    assert.match(await text(page.locator('.notice')), /What is shown here was so on/);
    assert.match(await text(section('About')), /retrained/);
    await shown.close();
    await open({ ...kept, version: 0 });
    await send({ ...subject, type: 'unreachable', why: 'Away.' });
    assert.equal(await section('About').count(), 0, 'what another version kept is not shown');
    assert.deepEqual(shown.problems, []);
  });

  it('that is gone says so, and leads to the newest', async () => {
    await open();
    await send(told());
    await send({ ...subject, type: 'gone', newest: { id: 'staging/iris/5', name: 'iris r5' } });
    assert.match(await text(page.locator('.notice')), /iris r3 is not on staging any more\./);
    assert.equal(await section('About').count(), 0);
    await button('Open iris r5, the newest').click();
    assert.deepEqual(await sent(), [{ type: 'open', id: 'staging/iris/5' }]);
    await send({ ...subject, type: 'gone' });
    assert.match(await text(page.locator('.notice')), /Nor is any other revision/);
    assert.equal(await page.locator('.notice').getByRole('button').count(), 0);
  });

  for (const width of [300, 320, 700])
    it(`fits into ${width} pixels`, async () => {
      await open(undefined, width);
      await send(told({ detail: `It ended: ${'x'.repeat(200)}`, note: 'y'.repeat(120) }));
      const wide = await page.evaluate<string[]>(`[...document.querySelectorAll('body *')]
        .filter((node) => node.checkVisibility() && node.getBoundingClientRect().right > innerWidth + 0.5)
        .map((node) => node.outerHTML.slice(0, 100))`);
      assert.deepEqual(wide, []);
    });
});

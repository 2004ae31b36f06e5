import assert from 'node:assert/strict';
import type { Browser, Locator, Page } from 'playwright-core';
import { History } from '../../../src/core/metrics/history';
import type { PageSource } from '../../../src/core/protocol/metrics';
import { chromiumPath, launchBrowser } from '../../host/browser';
import { skip } from '../../host/skip';
import { showPage, type ShownPage } from './shownPage';

const start = 1_700_000_000;
const blue = { dark: 'rgb(1, 2, 200)', light: 'rgb(3, 4, 100)' };

/** The metrics page in a browser. */
class Shown {
  private constructor(private readonly shown: ShownPage) {}

  static async open(browser: Browser, state?: object): Promise<Shown> {
    return new Shown(await showPage(browser, 'metrics', state));
  }

  get page(): Page {
    return this.shown.page;
  }

  get problems(): string[] {
    return this.shown.problems;
  }

  /** What the editor would send at this second. */
  async send(
    type: 'snapshot' | 'update',
    now: number,
    sources: PageSource[],
    history: History,
    from?: number,
  ) {
    const block = history.block(from);
    const plain = (values: Float32Array) => [...values].map((value) => (Number.isNaN(value) ? null : value));
    const values = (all: Record<string, Float32Array>) =>
      Object.fromEntries(Object.entries(all).map(([name, array]) => [name, plain(array)]));
    const message = {
      type,
      now,
      sources,
      block: { ...block, fields: values(block.fields), statuses: values(block.statuses) },
    };
    await this.page.evaluate(`(() => {
      const { block, ...message } = ${JSON.stringify(message)};
      const arrays = (all) => Object.fromEntries(
        Object.entries(all).map(([name, values]) => [name, Float32Array.from(values, (value) => value ?? NaN)]));
      const made = { ...block, fields: arrays(block.fields), statuses: arrays(block.statuses) };
      message.sources = message.sources.map((source) => ({ ...source, block: made }));
      window.postMessage(message, '*');
    })()`);
    await this.page.waitForTimeout(50);
  }

  /** How many pixels of the first chart are so. */
  pixels(condition: string): Promise<number> {
    return this.page.evaluate(`(() => {
      const canvas = document.querySelector('[data-chart=rate] canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let found = 0;
      for (let at = 0; at < data.length; at += 4) {
        const [red, green, blue, alpha] = data.subarray(at, at + 4);
        if (${condition}) found++;
      }
      return found;
    })()`);
  }

  read<T>(name: 'posted' | 'kept'): Promise<T> {
    return this.page.evaluate(name);
  }

  /** What stands in place of the lines of a chart. */
  message(chart: string, text: string | RegExp): Locator {
    return this.page.locator(`[data-chart=${chart}] .message`).filter({ hasText: text, visible: true });
  }

  async cells(row = 0): Promise<string[]> {
    return (await this.page.locator('.readout tbody tr').nth(row).locator('th, td').allTextContents()).map(
      (text) => text.trim(),
    );
  }

  close(): Promise<void> {
    return this.shown.close();
  }
}

/** Requests at a rate that is the number of the second. */
function history(seconds: number): History {
  const made = new History();
  for (let index = 0; index <= seconds; index++) add(made, index);
  return made;
}

function add(to: History, index: number): void {
  to.advance(start + index);
  to.fill(start + index, start + index, {
    values: { requestRate: index, p50: 0.002, p95: 0.004, p99: 0.008, errors: 0, memory: 2 ** 27, cpu: 0.5 },
    statuses: new Map(),
  });
}

const source = (id: string, more: Partial<PageSource> = {}): PageSource => ({
  id,
  label: `The ${id}`,
  state: 'live',
  since: start * 1000,
  server: 'Slipway',
  latency: 'histogram',
  deploys: [{ at: (start + 50) * 1000, label: 'revision 2' }],
  ...more,
});

describe('the metrics page in a browser', () => {
  let browser: Browser;
  let shown: Shown;
  before(async function () {
    if (!chromiumPath()) skip(this, 'there is no Chromium');
    browser = await launchBrowser();
  });
  after(() => browser?.close());
  afterEach(() => shown?.close());

  it('asks for its content, draws it under the policy, and keeps what a restore needs', async () => {
    shown = await Shown.open(browser);
    assert.deepEqual(await shown.read('posted'), [{ type: 'ready' }]);
    await shown.send('snapshot', start + 100, [source('iris')], history(100));
    assert.equal(await shown.page.locator('.chart canvas').count(), 6);
    assert.deepEqual((await shown.cells()).slice(0, 6), [
      'The iris',
      '100 req/s',
      '–',
      '2 ms',
      '4 ms',
      '8 ms',
    ]);
    assert.deepEqual(JSON.parse(await shown.page.evaluate('JSON.stringify(kept)')), {
      sources: [{ id: 'iris', label: 'The iris' }],
      window: 5,
      hidden: [],
    });
    const drawn = await shown.pixels('alpha > 0');
    assert.ok(drawn > 1000, `${drawn} pixels are drawn`);
    assert.deepEqual(shown.problems, []);
  });

  it('shows one moment in all charts and the read-out, by pointer and by keys', async () => {
    shown = await Shown.open(browser);
    await shown.send('snapshot', start + 300, [source('iris'), source('digits')], history(300));
    const plot = await shown.page.locator('.plot .u-over').nth(2).boundingBox();
    assert.ok(plot);
    await shown.page.mouse.move(plot.x + plot.width / 2, plot.y + 30);
    for (const row of [0, 1]) assert.match((await shown.cells(row))[1] ?? '', /^1(49|50|51) req\/s$/);
    const legends = await shown.page.locator('[data-chart=rate] .legend').allTextContents();
    assert.ok(
      legends.every((text) => /1(49|50|51) req\/s/.test(text)),
      legends.join(),
    );
    await shown.page.mouse.move(5, 5);
    assert.equal((await shown.cells())[1], '300 req/s');

    const slider = shown.page.getByRole('slider');
    await slider.focus();
    await shown.page.keyboard.press('ArrowLeft');
    assert.equal((await shown.cells())[1], '295 req/s');
    assert.equal(await slider.getAttribute('aria-valuenow'), String(start + 295));
    await shown.page.keyboard.press('Escape');
    assert.equal((await shown.cells())[1], '300 req/s');
  });

  it('moves on with what comes in, and stands still while paused', async () => {
    shown = await Shown.open(browser);
    const made = history(100);
    await shown.send('snapshot', start + 100, [source('iris')], made);
    add(made, 101);
    await shown.send('update', start + 101, [source('iris')], made, start + 101);
    assert.equal((await shown.cells())[1], '101 req/s');

    await shown.page.getByRole('button', { name: 'Pause' }).press('Enter');
    add(made, 102);
    await shown.send('update', start + 102, [source('iris')], made, start + 102);
    assert.equal((await shown.cells())[1], '101 req/s');
    assert.equal((await shown.read<{ pausedAt?: number }>('kept')).pausedAt, start + 101);
    await shown.page.getByRole('button', { name: 'Resume' }).click();
    assert.equal((await shown.cells())[1], '102 req/s');
  });

  it('says that it is paused, and when the time of the pause is not kept any more', async () => {
    shown = await Shown.open(browser);
    const made = history(100);
    await shown.send('snapshot', start + 100, [source('iris')], made);
    const time = shown.page.getByRole('slider');
    assert.match((await time.textContent()) ?? '', /^[\d:]+ \(newest\)$/);
    await shown.page.getByRole('button', { name: 'Pause' }).click();
    assert.match((await time.textContent()) ?? '', /^[\d:]+ \(paused\)$/);

    const nextDay = 100 + 86_400;
    add(made, nextDay);
    await shown.send('update', start + nextDay, [source('iris')], made, start + nextDay);
    assert.match((await time.textContent()) ?? '', /^1[45] Nov 2023, [\d:]+ \(paused\)$/);
    for (const id of ['rate', 'latency', 'errors', 'inFlight', 'cpu', 'memory']) {
      await shown.page.locator(`[data-chart=${id}]`).scrollIntoViewIfNeeded();
      await shown.message(id, 'This time is not kept any more. Resume to see the present.').waitFor();
    }
    await shown.page.getByRole('button', { name: 'Resume' }).click();
    assert.match((await time.textContent()) ?? '', /^[\d:]+ \(newest\)$/);
    await shown.message('memory', /./).waitFor({ state: 'hidden' });
  });

  it('says since when an endpoint is gone, to eyes and ears', async () => {
    shown = await Shown.open(browser);
    const made = history(100);
    await shown.send('snapshot', start + 100, [source('iris')], made);
    const gone = source('iris', {
      state: 'gone',
      since: (start + 101) * 1000,
      detail: 'Nothing listens there.',
    });
    made.advance(start + 110);
    await shown.send('update', start + 110, [gone], made, start + 101);
    assert.match(
      (await shown.page.locator('.state').textContent()) ?? '',
      /No answer since .* Nothing listens there/,
    );
    assert.match((await shown.page.getByRole('status').textContent()) ?? '', /The iris: No answer since/);
    assert.equal((await shown.cells())[1], '–');
  });

  it('comes back as it was left, and hides what was hidden', async () => {
    shown = await Shown.open(browser, {
      sources: [{ id: 'iris', label: 'x' }],
      window: 60,
      pausedAt: start + 90,
      hidden: ['digits'],
    });
    await shown.send('snapshot', start + 100, [source('iris'), source('digits')], history(100));
    assert.equal(await shown.page.locator('.column').count(), 1);
    assert.equal((await shown.cells())[1], '90 req/s');
    assert.ok(await shown.page.getByRole('radio', { name: '60 min' }).isChecked());
    await shown.page.getByRole('checkbox', { name: 'The digits' }).click();
    assert.equal(await shown.page.locator('.column').count(), 2);
    assert.deepEqual((await shown.read<{ hidden: string[] }>('kept')).hidden, []);
  });

  for (const [what, kept] of [
    ['nothing', new History()],
    ['a later time', history(100)],
  ] as const) {
    it(`shows the present where it comes back from a pause and ${what} is kept`, async () => {
      shown = await Shown.open(browser, {
        sources: [{ id: 'iris', label: 'x' }],
        window: 60,
        pausedAt: start - 10,
        hidden: [],
      });
      await shown.send('snapshot', start + 100, [source('iris')], kept);
      await shown.page.getByRole('button', { name: 'Pause' }).waitFor();
      assert.match((await shown.page.getByRole('slider').textContent()) ?? '', /\(newest\)$/);
      assert.equal((await shown.read<{ pausedAt?: number }>('kept')).pausedAt, undefined);
      await shown.send('update', start + 100, [source('iris')], history(100));
      assert.equal((await shown.cells())[1], '100 req/s');
    });
  }

  it('takes the colours of the theme, also when that changes', async () => {
    shown = await Shown.open(browser);
    const setBlue = (colour: string) =>
      shown.page.evaluate(`document.documentElement.style.setProperty('--vscode-charts-blue', '${colour}')`);
    await setBlue(blue.dark);
    await shown.send('snapshot', start + 100, [source('iris')], history(100));
    const key = shown.page.locator('[data-chart=rate] .legend line').first();
    assert.equal(await key.getAttribute('stroke'), blue.dark);
    await setBlue(blue.light);
    await shown.page.waitForTimeout(50);
    assert.equal(await key.getAttribute('stroke'), blue.light);
    const pixels = await shown.pixels('red === 3 && blue === 100');
    assert.ok(pixels > 20, `${pixels} pixels of the new colour`);
  });
});

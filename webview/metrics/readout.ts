import type { Field, PageSource } from '../../src/core/protocol/metrics';
import { element, setAttributes, setText } from '../shared/dom';
import { cursorKeys, moveByKey, type Cursor, type View } from './cursor';
import { format, type Unit } from './format';
import { momentText } from './state';
import type { Tape } from './tape';

const columns: readonly { title: string; field: Field; unit: Unit }[] = [
  { title: 'Requests', field: 'requestRate', unit: 'rate' },
  { title: 'Mean', field: 'mean', unit: 'duration' },
  { title: 'p50', field: 'p50', unit: 'duration' },
  { title: 'p95', field: 'p95', unit: 'duration' },
  { title: 'p99', field: 'p99', unit: 'duration' },
  { title: '4xx', field: 'errors4xx', unit: 'share' },
  { title: '5xx', field: 'errors5xx', unit: 'share' },
  { title: 'In flight', field: 'inFlight', unit: 'count' },
  { title: 'CPU', field: 'cpu', unit: 'cores' },
  { title: 'Memory', field: 'memory', unit: 'bytes' },
];

/** What is shown of one source. */
export interface Shown {
  source: PageSource;
  tape: Tape;
}

/** The values of all sources at one moment: the one pointed at in any chart, or now. Its time can be moved by keys. */
export class Readout {
  readonly node: HTMLElement;
  readonly #time = element('span', {
    role: 'slider',
    tabindex: 0,
    class: 'time',
    'aria-label': 'Time of the values',
  });
  readonly #rows = element('tbody');
  #cells: HTMLElement[][] = [];
  #view: View = { from: 0, to: 0, second: undefined, now: 0, paused: false };

  constructor(cursor: Cursor) {
    const head = element(
      'tr',
      {},
      element('th', { scope: 'col' }, this.#time),
      ...columns.map(({ title }) => element('th', { scope: 'col' }, title)),
    );
    const caption = element('caption', { class: 'visually-hidden' }, 'Values of each endpoint');
    const table = element('table', {}, caption, element('thead', {}, head), this.#rows);
    this.node = element('div', { class: 'readout' }, table);
    this.#time.addEventListener('keydown', (event) => {
      if (!cursorKeys.includes(event.key)) return;
      event.preventDefault();
      cursor.set(moveByKey(event.key, this.#view));
    });
  }

  show(sources: readonly Shown[], view: View): void {
    this.#view = view;
    const { from, to, second } = view;
    const text = momentText(view);
    setText(this.#time, text);
    setAttributes(this.#time, {
      'aria-valuemin': from,
      'aria-valuemax': to,
      'aria-valuenow': second ?? to,
      'aria-valuetext': text,
    });
    if (this.#cells.length !== sources.length) this.#make(sources.length);
    sources.forEach(({ source, tape }, row) => {
      const cells = this.#cells[row] ?? [];
      const texts = columns.map(({ field, unit }) => {
        const values = tape.fields[field];
        return format(second === undefined ? tape.latest(values, to) : tape.at(values, second), unit);
      });
      [source.label, ...texts].forEach((value, index) => cells[index] && setText(cells[index], value));
    });
  }

  #make(rows: number): void {
    this.#cells = Array.from({ length: rows }, () => [
      element('th', { scope: 'row' }),
      ...columns.map(() => element('td')),
    ]);
    this.#rows.replaceChildren(...this.#cells.map((cells) => element('tr', {}, ...cells)));
  }
}

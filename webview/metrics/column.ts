import type { PageSource } from '../../src/core/protocol/metrics';
import { element, icon, setText } from '../shared/dom';
import type { Theme } from '../shared/theme';
import { Chart, topOf } from './chart';
import type { Cursor, View } from './cursor';
import { kinds } from './kinds';
import { emptyText, stateText } from './state';
import { hasValues, highest, type Tape } from './tape';

/** All charts of one source, below its name and state. */
export class Column {
  readonly node: HTMLElement;
  readonly tape: Tape;
  #source: PageSource;
  readonly #charts: Chart[];
  readonly #title = element('h2');
  readonly #state = element('p', { class: 'state' });
  readonly #notes = element('p', { class: 'note' });

  constructor(source: PageSource, tape: Tape, theme: Theme, cursor: Cursor) {
    this.tape = tape;
    this.#source = source;
    this.#charts = kinds.map((kind) => new Chart(kind, () => this.#source.label, theme, cursor));
    this.node = element(
      'section',
      { class: 'column', 'data-source': source.id },
      element('header', {}, this.#title, this.#state, this.#notes),
      ...this.#charts.map(({ node }) => node),
    );
    this.update(source);
  }

  get source(): PageSource {
    return this.#source;
  }

  /** Takes what is new about the source itself. */
  update(source: PageSource): void {
    this.#source = source;
    setText(this.#title, source.label);
    const text = stateText(source);
    if (this.#state.textContent !== text || this.node.dataset['state'] !== source.state) {
      const image = { live: 'pulse', waiting: 'watch', gone: 'debug-disconnect' }[source.state];
      this.#state.replaceChildren(icon(image), text);
    }
    this.node.dataset['state'] = source.state;
    const notes = [...kinds.map((kind) => kind.note?.(source)), source.note];
    setText(this.#notes, notes.filter((note) => note).join(' '));
  }

  /** The highest value in view, by kind of chart. */
  tops(view: View): number[] {
    return kinds.map((kind) => topOf(this.tape, kind.lines(this.tape, this.#source), view));
  }

  /** @param tops what the axis of each kind of chart reaches up to */
  draw(view: View, tops: readonly number[]): void {
    const { requestRate } = this.tape.fields;
    const hasTraffic = highest(this.tape.slice(requestRate, view.from, view.to)) > 0;
    const hadTraffic = highest(requestRate) > 0;
    this.#charts.forEach((chart, index) => {
      const lines = chart.kind.lines(this.tape, this.#source);
      const top = Math.max(chart.kind.least, tops[index] ?? 0);
      const inView = lines.map(({ values }) => this.tape.slice(values, view.from, view.to));
      const message = emptyText(this.#source, chart.kind.id, {
        isKept: this.tape.reaches(view.to),
        hasValues: inView.some(hasValues),
        hadValues: lines.some(({ values }) => hasValues(values)),
        hasTraffic,
        hadTraffic,
      });
      chart.draw({ tape: this.tape, lines, marks: this.#source.deploys, top, message }, view);
    });
  }

  /** Shows the values of the shared moment. */
  point(view: View): void {
    for (const chart of this.#charts) chart.point(view);
  }

  recolour(): void {
    for (const chart of this.#charts) chart.recolour();
  }

  dispose(): void {
    for (const chart of this.#charts) chart.dispose();
    this.node.remove();
  }
}

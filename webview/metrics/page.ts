import type { FromPage, ToPage, ViewState } from '../../src/core/protocol/metrics';
import { element, setText } from '../shared/dom';
import type { Host } from '../shared/host';
import { Theme } from '../shared/theme';
import { Column } from './column';
import { Cursor, type View } from './cursor';
import { kinds } from './kinds';
import { Readout } from './readout';
import { spokenSummary } from './state';
import { Tape } from './tape';
import { Toolbar } from './toolbar';

/** How often the values are spoken; changes of state are at once. */
const spokenEverySeconds = 20;

/** How often charts are drawn, in seconds, by the minutes that are in view: what moves by less than a pixel need not be. */
const paces: Record<ViewState['window'], number> = { 1: 1, 5: 1, 15: 2, 60: 5 };

type PageState = Pick<ViewState, 'window' | 'pausedAt' | 'hidden'>;

/** The metrics page: holds what the editor has sent, and draws the part that is in view. */
export class Page {
  readonly #theme = new Theme();
  readonly #cursor = new Cursor();
  readonly #readout = new Readout(this.#cursor);
  readonly #toolbar: Toolbar;
  readonly #columnsNode = element('main', { class: 'columns' });
  readonly #announcer = element('div', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  #columns: Column[] = [];
  #state: PageState;
  #now = Math.floor(Date.now() / 1000);
  #drawnAt = 0;
  #spokenAt = 0;
  #spokenStates = '';

  constructor(
    root: HTMLElement,
    private readonly host: Host<FromPage, ToPage, ViewState>,
  ) {
    const { window = 5, pausedAt, hidden = [] } = host.state ?? {};
    this.#state = { window, pausedAt, hidden };
    this.#toolbar = new Toolbar(this.#state, {
      onWindow: (minutes) => this.#change({ window: minutes }),
      onPause: () => {
        this.#change({ pausedAt: this.#state.pausedAt === undefined ? this.#now : undefined });
        this.#toolbar.setPaused(this.#state.pausedAt !== undefined);
      },
      onShow: (id, shown) => this.#show(id, shown),
    });
    const top = element('div', { class: 'top' }, this.#toolbar.node, this.#readout.node);
    root.append(top, this.#columnsNode, this.#announcer);
    this.#cursor.onChange(() => this.#point());
    this.#theme.onChange(() => this.#shown().forEach((column) => column.recolour()));
  }

  /** Takes a message of the editor. */
  receive(message: ToPage): void {
    if (message.type === 'snapshot') this.#reset(message);
    else if (message.type === 'update') this.#update(message);
    else return;
    const waited = this.#now - this.#drawnAt;
    if (message.type === 'update' && waited >= 0 && waited < paces[this.#state.window]) this.#point();
    else this.#draw();
    this.#announce();
  }

  #reset({ now, sources }: ToPage): void {
    this.#now = now;
    for (const column of this.#columns) column.dispose();
    this.#columns = sources.map(({ block, ...source }) => {
      const tape = new Tape(now);
      if (block) tape.write(block);
      return new Column(source, tape, this.#theme, this.#cursor);
    });
    this.#toolbar.setSources(sources, this.#state.hidden);
    this.#endLostPause();
    this.#arrange();
    this.#keep();
  }

  /** A pause at a time that no source keeps, as after a reload of the window, has nothing to show. */
  #endLostPause(): void {
    const { pausedAt } = this.#state;
    if (pausedAt === undefined || this.#columns.some(({ tape }) => tape.reaches(pausedAt))) return;
    this.#state = { ...this.#state, pausedAt: undefined };
    this.#toolbar.setPaused(false);
  }

  #update({ now, sources }: ToPage): void {
    this.#now = now;
    for (const column of this.#columns) column.tape.advance(now);
    for (const { block, ...source } of sources) {
      const column = this.#columns.find((candidate) => candidate.source.id === source.id);
      column?.update(source);
      if (block) column?.tape.write(block);
    }
    this.#toolbar.setSources(sources, this.#state.hidden);
  }

  #change(change: Partial<PageState>): void {
    this.#state = { ...this.#state, ...change };
    this.#keep();
    this.#draw();
  }

  #show(id: string, shown: boolean): void {
    const others = this.#state.hidden.filter((hidden) => hidden !== id);
    this.#state = { ...this.#state, hidden: shown ? others : [...others, id] };
    this.#arrange();
    this.#change({});
  }

  #keep(): void {
    const sources = this.#columns.map(({ source: { id, label } }) => ({ id, label }));
    if (sources.length) this.host.keep({ sources, ...this.#state });
  }

  #arrange(): void {
    const shown = this.#shown();
    this.#columnsNode.replaceChildren(...shown.map(({ node }) => node));
    this.#columnsNode.dataset['count'] = shown.length === 1 ? 'one' : 'several';
  }

  #shown(): Column[] {
    return this.#columns.filter(({ source }) => !this.#state.hidden.includes(source.id));
  }

  #view(): View {
    const { pausedAt, window } = this.#state;
    const now = this.#now;
    const to = pausedAt ?? now;
    const from = to - window * 60;
    const { second } = this.#cursor;
    const pointed = second !== undefined && second >= from && second <= to;
    return { from, to, second: pointed ? second : undefined, now, paused: pausedAt !== undefined };
  }

  #draw(): void {
    this.#drawnAt = this.#now;
    const view = this.#view();
    const shown = this.#shown();
    const all = shown.map((column) => column.tops(view));
    const tops = kinds.map((_, kind) => Math.max(0, ...all.map((column) => column[kind] ?? 0)));
    for (const column of shown) column.draw(view, tops);
    this.#readout.show(shown, view);
  }

  #point(): void {
    const view = this.#view();
    for (const column of this.#shown()) column.point(view);
    this.#readout.show(this.#shown(), view);
  }

  #announce(): void {
    const states = JSON.stringify(this.#columns.map(({ source: { id, state } }) => [id, state]));
    if (states === this.#spokenStates && this.#now - this.#spokenAt < spokenEverySeconds) return;
    this.#spokenStates = states;
    this.#spokenAt = this.#now;
    const sentences = this.#shown().map(({ source, tape }) => spokenSummary(source, tape, this.#now));
    setText(this.#announcer, sentences.join(' '));
  }
}

import type { PageSource, ViewState } from '../../src/core/protocol/metrics';
import { element } from '../shared/dom';
import { button, checkbox, choice, type ButtonControl } from '../shared/kit';

type Window = ViewState['window'];

const windows: readonly Window[] = [1, 5, 15, 60];

export interface ToolbarActions {
  onWindow(minutes: Window): void;
  onPause(): void;
  onShow(id: string, shown: boolean): void;
}

/** The controls over the charts: how much time, pause, and which of several sources. */
export class Toolbar {
  readonly node = element('div', { class: 'bar toolbar', role: 'group', 'aria-label': 'View' });
  readonly #sources = element('div', { class: 'bar', role: 'group', 'aria-label': 'Endpoints shown' });
  readonly #pause: ButtonControl;
  #listed = '';

  constructor(
    { window, pausedAt }: Pick<ViewState, 'window' | 'pausedAt'>,
    private readonly actions: ToolbarActions,
  ) {
    const choices = windows.map((minutes) => ({ value: String(minutes), label: `${minutes} min` }));
    this.#pause = button(pauseFace(pausedAt !== undefined), () => actions.onPause());
    this.node.append(
      choice('Window', choices, String(window), (value) => {
        const minutes = windows.find((candidate) => String(candidate) === value);
        if (minutes) actions.onWindow(minutes);
      }),
      this.#pause.node,
      this.#sources,
    );
  }

  setPaused(paused: boolean): void {
    this.#pause.set(pauseFace(paused));
  }

  /** Offers to hide sources where there are several. */
  setSources(sources: readonly PageSource[], hidden: readonly string[]): void {
    const listed = JSON.stringify(sources.map(({ id, label }) => [id, label]));
    if (listed === this.#listed) return;
    this.#listed = listed;
    this.#sources.hidden = sources.length < 2;
    this.#sources.replaceChildren(
      ...sources.map(({ id, label }) =>
        checkbox(label, !hidden.includes(id), (shown) => this.actions.onShow(id, shown)),
      ),
    );
  }
}

function pauseFace(paused: boolean): { label: string; icon: string } {
  return paused ? { label: 'Resume', icon: 'debug-continue' } : { label: 'Pause', icon: 'debug-pause' };
}

import type { ToPage } from '../../src/core/protocol/release';
import { element, icon, setText } from '../shared/dom';
import { button, type ButtonControl } from '../shared/kit';
import { timeWords } from './words';

export interface NoticeActions {
  onRetry(): void;
  onOpen(id: string): void;
}

/** What stands between the page and the present: a target that does not answer, a release that is gone. */
export class Notice {
  readonly node = element('div', { class: 'notice', hidden: true });
  readonly #text = element('p');
  readonly #more = element('p');
  readonly #retry: ButtonControl;
  readonly #newest: ButtonControl;
  #newestId = '';

  constructor(actions: NoticeActions) {
    this.#retry = button(retryFace, () => {
      this.#retry.set({ label: 'Asking…', icon: 'sync' });
      actions.onRetry();
    });
    this.#newest = button(newestFace(''), () => actions.onOpen(this.#newestId));
    this.node.append(
      element(
        'div',
        { class: 'words' },
        element('div', {}, icon('warning')),
        element('div', {}, this.#text, this.#more),
      ),
      this.#retry.node,
      this.#newest.node,
    );
  }

  /** @param at when what else is shown was known last, in milliseconds since 1970 */
  show(message: ToPage, at: number | undefined): void {
    this.node.hidden = message.type === 'release';
    this.node.dataset['type'] = message.type;
    this.#retry.node.hidden = message.type !== 'unreachable';
    if (message.type === 'unreachable') this.#retry.set(retryFace);
    const newest = message.type === 'gone' ? message.newest : undefined;
    this.#newest.node.hidden = !newest;
    if (newest) {
      this.#newestId = newest.id;
      this.#newest.set(newestFace(newest.name));
    }
    const [text, more] = wordsOf(message, at);
    setText(this.#text, text);
    setText(this.#more, more ?? '');
  }
}

const retryFace = { label: 'Retry', icon: 'refresh' };

function newestFace(name: string): { label: string; icon: string } {
  return { label: `Open ${name}, the newest`, icon: 'arrow-right' };
}

function wordsOf(message: ToPage, at: number | undefined): [text: string, more?: string] {
  const { name, target } = message;
  if (message.type === 'waiting') return [`Asking ${target}…`];
  if (message.type === 'gone') {
    const none = message.newest ? '' : ' Nor is any other revision of its model.';
    return [`${name} is not on ${target} any more.${none}`];
  }
  if (message.type === 'release') return [''];
  const known = at === undefined ? '' : `What is shown here was so on ${timeWords(at)}.`;
  return [`${target} can not be asked: ${message.why}`, [message.next, known].filter(Boolean).join(' ')];
}

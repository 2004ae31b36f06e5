import type { ReleaseFacts, ToPage } from '../../src/core/protocol/release';
import { element, icon, setText } from '../shared/dom';
import { healthWords, stateIcon, stateWords } from './words';

/** Which release it is, and how it is. */
export class Header {
  readonly node: HTMLElement;
  readonly #title = element('h1', { tabindex: -1 });
  readonly #icon = element('span', { class: 'state-icon' });
  readonly #words = element('span');
  readonly #state = element('p', { class: 'state' }, this.#icon, this.#words);
  readonly #share = element('div');
  readonly #bar = element('div', { class: 'share', 'aria-hidden': 'true' }, this.#share);
  readonly #detail = element('p', { class: 'detail' });

  constructor() {
    this.node = element('header', {}, this.#title, this.#state, this.#bar, this.#detail);
  }

  /** @param known what was known last of the release; while its target does not answer that may be over */
  show({ type, name, target }: ToPage, known: ReleaseFacts | undefined): void {
    const facts = type === 'gone' ? undefined : known;
    setText(this.#title, `${name} on ${target}`);
    for (const part of [this.#state, this.#bar]) part.hidden = !facts;
    this.#detail.hidden = !facts?.detail;
    if (!facts) return;
    const isPresent = type === 'release';
    this.#setIcon(isPresent ? stateIcon(facts) : 'question', isPresent ? facts.state : '');
    const words = [stateWords(facts), healthWords(facts)].filter(Boolean).join(' · ');
    setText(this.#words, isPresent ? words : `Last known: ${words}`);
    this.#share.style.width = `${facts.traffic}%`;
    setText(this.#detail, facts.detail ?? '');
  }

  /** Where the focus goes when what had it is not there any more. */
  focus(): void {
    this.#title.focus();
  }

  #setIcon(name: string, state: string): void {
    this.node.dataset['state'] = state;
    if (this.#icon.dataset['icon'] === name) return;
    this.#icon.dataset['icon'] = name;
    this.#icon.replaceChildren(icon(name));
  }
}

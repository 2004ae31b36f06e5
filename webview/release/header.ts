import type { ReleaseFacts, Subject } from '../../src/core/protocol/release';
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

  show({ name, target }: Subject, facts: ReleaseFacts | undefined): void {
    setText(this.#title, `${name} on ${target}`);
    for (const part of [this.#state, this.#bar]) part.hidden = !facts;
    this.#detail.hidden = !facts?.detail;
    if (!facts) return;
    this.node.dataset['state'] = facts.state;
    const image = stateIcon(facts);
    if (this.#icon.dataset['icon'] !== image) {
      this.#icon.dataset['icon'] = image;
      this.#icon.replaceChildren(icon(image));
    }
    setText(this.#words, [stateWords(facts), healthWords(facts)].filter(Boolean).join(' · '));
    this.#share.style.width = `${facts.traffic}%`;
    setText(this.#detail, facts.detail ?? '');
  }

  /** Where the focus goes when what had it is not there any more. */
  focus(): void {
    this.#title.focus();
  }
}

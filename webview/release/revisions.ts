import type { Revision } from '../../src/core/protocol/release';
import { element, icon, setText } from '../shared/dom';
import { KeyedList, type Row } from '../shared/keyedList';
import { link } from '../shared/kit';
import { Section } from './section';
import { healthWords, stateIcon, stateWords, timeWords } from './words';

/** The other revisions of the model on the target. */
export class Revisions {
  readonly node: HTMLElement;
  readonly #list: KeyedList<Revision>;
  readonly #none = element('p', {}, 'There is no other.');

  constructor(onOpen: (id: string) => void) {
    this.#list = new KeyedList(element('ul', { class: 'revisions' }), ({ id }) => id, rowOf(onOpen));
    this.node = new Section('Other revisions', this.#list.node, this.#none).node;
  }

  show(revisions: readonly Revision[]): void {
    this.#list.node.hidden = revisions.length === 0;
    this.#none.hidden = revisions.length > 0;
    this.#list.show(revisions);
  }
}

function rowOf(onOpen: (id: string) => void) {
  return ({ id }: Revision): Row<Revision> => {
    const open = link(() => onOpen(id));
    const image = element('span', { class: 'state-icon' });
    const words = element('span', { class: 'words' });
    const node = element('li', {}, image, open, words);
    const show = (revision: Revision) => {
      const { state, note, created } = revision;
      node.dataset['state'] = state;
      image.replaceChildren(icon(stateIcon(revision)));
      setText(open, `r${revision.revision}`);
      open.setAttribute('aria-label', `Open revision ${revision.revision}`);
      const parts = [stateWords(revision), healthWords(revision), note, timeWords(created)];
      setText(words, parts.filter(Boolean).join(' · '));
    };
    return { node, show };
  };
}

import type { ReleaseFacts } from '../../src/core/protocol/release';
import { element, setText } from '../shared/dom';
import { KeyedList, type Row } from '../shared/keyedList';
import { button } from '../shared/kit';
import { Section } from './section';

type Which = 'url' | 'stableUrl';

interface Address {
  which: Which;
  label: string;
  url: string;
}

/** How the release is reached. */
export class Addresses {
  readonly node: HTMLElement;
  readonly #none = element('p', {}, 'It does not run, so it can not be reached.');
  readonly #list: KeyedList<Address>;

  constructor(onCopy: (which: Which, url: string) => void) {
    this.#list = new KeyedList(element('dl', { class: 'facts' }), ({ which }) => which, rowOf(onCopy));
    this.node = new Section('How to reach it', this.#list.node, this.#none).node;
  }

  show({ url, stableUrl, state, revision }: ReleaseFacts): void {
    const own =
      state === 'candidate' || state === 'canary' ? 'The candidate itself' : `Revision ${revision} itself`;
    const all: { which: Which; label: string; url?: string }[] = [
      { which: 'stableUrl', label: 'Stable address', url: stableUrl },
      { which: 'url', label: own, url },
    ];
    this.#list.show(all.filter((address): address is Address => address.url !== undefined));
    this.#none.hidden = url !== undefined;
  }
}

function rowOf(onCopy: (which: Which, url: string) => void) {
  return ({ which }: Address): Row<Address> => {
    const label = element('dt');
    const code = element('code');
    const copy = button({ label: 'Copy', icon: 'copy' }, () => onCopy(which, code.textContent ?? ''));
    const node = element('div', {}, label, element('dd', { class: 'address' }, code, copy.node));
    const show = (address: Address) => {
      setText(label, address.label);
      setText(code, address.url);
      copy.node.setAttribute('aria-label', `Copy ${address.url}`);
    };
    return { node, show };
  };
}

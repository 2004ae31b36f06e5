import type { ReleaseFacts } from '../../src/core/protocol/release';
import { element, setText } from '../shared/dom';
import { KeyedList, type Row } from '../shared/keyedList';
import { button } from '../shared/kit';
import { Section } from './section';

interface Address {
  key: 'url' | 'stableUrl';
  label: string;
  url: string;
}

/** How the release is reached. */
export class Addresses {
  readonly node: HTMLElement;
  readonly #none = element('p', {}, 'This revision does not run, so it has no address of its own.');
  readonly #list: KeyedList<Address>;

  constructor(onCopy: (url: string) => void) {
    this.#list = new KeyedList(element('dl', { class: 'facts' }), ({ key }) => key, rowOf(onCopy));
    this.node = new Section('How to reach it', this.#list.node, this.#none).node;
  }

  show({ url, stableUrl, state, revision }: ReleaseFacts): void {
    const own =
      state === 'candidate' || state === 'canary' ? 'The candidate itself' : `Revision ${revision} itself`;
    this.#list.show([
      ...(stableUrl ? [{ key: 'stableUrl' as const, label: 'Stable address', url: stableUrl }] : []),
      ...(url ? [{ key: 'url' as const, label: own, url }] : []),
    ]);
    this.#none.hidden = url !== undefined;
  }
}

function rowOf(onCopy: (url: string) => void) {
  return (): Row<Address> => {
    const label = element('dt');
    const code = element('code');
    const copy = button({ label: 'Copy', icon: 'copy' }, () => onCopy(code.textContent ?? ''));
    const node = element('div', {}, label, element('dd', { class: 'address' }, code, copy.node));
    const show = (address: Address) => {
      setText(label, address.label);
      setText(code, address.url);
      copy.node.setAttribute('aria-label', `Copy ${address.url}`);
    };
    return { node, show };
  };
}

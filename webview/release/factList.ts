import { element, setText } from '../shared/dom';
import { KeyedList } from '../shared/keyedList';

export interface Fact {
  name: string;
  /** Undefined or empty where there is nothing to say: then nothing is said. */
  value?: string;
  /** Whether it is for machines, as a hash. */
  isCode?: boolean;
}

/** Names and what they stand for. */
export class FactList {
  readonly node = element('dl', { class: 'facts' });
  readonly #list = new KeyedList<Fact>(
    this.node,
    ({ name }) => name,
    ({ name, isCode }) => {
      const value = element(isCode ? 'code' : 'span');
      const node = element('div', {}, element('dt', {}, name), element('dd', {}, value));
      return { node, show: (fact) => setText(value, fact.value ?? '') };
    },
  );

  show(facts: readonly Fact[]): void {
    this.#list.show(facts.filter(({ value }) => value));
  }
}

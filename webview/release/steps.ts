import type { Step } from '../../src/core/protocol/release';
import { element, icon, setAttributes, setText } from '../shared/dom';
import { KeyedList, type Row } from '../shared/keyedList';
import { Section } from './section';
import { stepNames, stepStates } from './words';

/** How far the making of the release has come. */
export class Steps {
  readonly node: HTMLElement;
  readonly #list = new KeyedList<Step>(element('ol', { class: 'steps' }), ({ name }) => name, rowOf);

  constructor() {
    const hint = 'Where the deploy was interrupted, Finish Deploy… goes on with it.';
    this.node = new Section('Being deployed', this.#list.node, element('p', { class: 'hint' }, hint)).node;
  }

  show(steps: readonly Step[]): void {
    this.node.hidden = steps.length === 0;
    this.#list.show(steps);
  }
}

function rowOf({ name }: Step): Row<Step> {
  const image = element('span');
  const word = element('span', { class: 'word' });
  const node = element('li', {}, image, `${stepNames[name]} `, word);
  const show = ({ state }: Step) => {
    if (node.dataset['state'] === state) return;
    node.dataset['state'] = state;
    setAttributes(node, { 'aria-current': state === 'current' && 'step' });
    image.replaceChildren(icon(stepStates[state].icon));
    setText(word, stepStates[state].word);
  };
  return { node, show };
}

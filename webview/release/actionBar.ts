import type { Action } from '../../src/core/protocol/release';
import { element } from '../shared/dom';
import { KeyedList } from '../shared/keyedList';
import { button } from '../shared/kit';
import { actionFaces } from './words';

/** Buttons for what can be done with the release as it is. */
export class ActionBar {
  readonly node = element('div', { class: 'bar', role: 'group', 'aria-label': 'Actions' });
  readonly #list: KeyedList<Action>;

  constructor(onPress: (action: Action) => void) {
    this.#list = new KeyedList(
      this.node,
      (action) => action,
      (action) => {
        const { node } = button(actionFaces[action], () => onPress(action));
        node.dataset['action'] = action;
        return { node, show: () => undefined };
      },
    );
  }

  show(actions: readonly Action[]): void {
    this.node.hidden = actions.length === 0;
    this.#list.show(actions);
  }
}

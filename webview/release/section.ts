import { element } from '../shared/dom';

let made = 0;

/** A part of the page below a heading of its own. */
export class Section {
  readonly node: HTMLElement;

  constructor(title: string, ...children: Node[]) {
    const id = `section-${++made}`;
    this.node = element('section', { 'aria-labelledby': id }, element('h2', { id }, title), ...children);
  }
}

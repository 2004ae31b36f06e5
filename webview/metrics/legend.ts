import { element, setText } from '../shared/dom';
import type { Theme } from '../shared/theme';
import type { Line } from './kinds';

const svg = 'http://www.w3.org/2000/svg';

/** Names the lines of a chart by colour and dashes, with the value of each at the shared moment. */
export class Legend {
  readonly node = element('ul', { class: 'legend', 'aria-hidden': 'true' });
  #entries: { line: Line; stroke: SVGLineElement; value: HTMLElement }[] = [];

  set(lines: readonly Line[], theme: Theme): void {
    this.#entries = lines.map((line) => ({
      line,
      stroke: document.createElementNS(svg, 'line'),
      value: element('span'),
    }));
    this.node.replaceChildren(
      ...this.#entries.map(({ line, stroke, value }) => {
        const key = document.createElementNS(svg, 'svg');
        for (const [name, set] of [
          ['x2', '22'],
          ['y1', '4'],
          ['y2', '4'],
          ['stroke-width', '2'],
          ['stroke-dasharray', line.dash.join(' ')],
        ] as const) {
          stroke.setAttribute(name, set);
        }
        key.append(stroke);
        return element('li', {}, key, line.label, ' ', value);
      }),
    );
    this.recolour(theme);
  }

  recolour(theme: Theme): void {
    for (const { line, stroke } of this.#entries) stroke.setAttribute('stroke', theme.colour(line.colour));
  }

  show(values: readonly string[]): void {
    this.#entries.forEach(({ value }, index) => setText(value, values[index] ?? ''));
  }
}

import uPlot from 'uplot';
import { element, setAttributes, setText } from '../shared/dom';
import type { Theme } from '../shared/theme';
import type { Cursor, View } from './cursor';
import { axisUnit, format, formatTick, formatTimeTick, scaleOf } from './format';
import type { ChartKind, Line } from './kinds';
import { Legend } from './legend';
import { drawMarks, labelHeight, type Mark } from './marks';
import { highest, type Tape } from './tape';

const plotHeight = 166;
const axisWidth = 64;

/** What a chart is drawn from. */
export interface ChartContent {
  tape: Tape;
  lines: Line[];
  marks: readonly Mark[];
  /** What the axis reaches up to, in the unit of the values: the same for all charts of a row. */
  top: number;
  /** Stands in place of lines where there is nothing to draw. */
  message: string | undefined;
}

/** One chart with its title and legend. Follows the shared cursor, and moves it. */
export class Chart {
  readonly node: HTMLElement;
  readonly #plotNode = element('div', { class: 'plot', role: 'img' });
  readonly #message = element('p', { class: 'message' });
  readonly #legend = new Legend();
  #plot: uPlot | undefined;
  #shape = '';
  #content: ChartContent | undefined;
  /** What was to be drawn while nobody could see it. */
  #waiting: View | undefined;
  #inSight = true;
  #width = 0;

  constructor(
    readonly kind: ChartKind,
    private readonly sourceLabel: () => string,
    private readonly theme: Theme,
    private readonly cursor: Cursor,
  ) {
    const title = element('h3', {}, kind.title, ' ', element('small', {}, axisUnit[kind.unit]));
    const head = element('header', {}, title, this.#legend.node);
    this.node = element(
      'section',
      { class: 'chart', 'data-chart': kind.id },
      head,
      element('div', { class: 'stage' }, this.#plotNode, this.#message),
    );
    new ResizeObserver(([entry]) => this.#resize(entry?.contentRect.width ?? 0)).observe(this.#plotNode);
    const sight = new IntersectionObserver(([entry]) => this.#see(entry?.isIntersecting ?? true), {
      rootMargin: '100px',
    });
    sight.observe(this.node);
    this.#plotNode.addEventListener('pointermove', (event) => this.#point(event.clientX));
    this.#plotNode.addEventListener('pointerleave', () => this.cursor.set(undefined));
  }

  /** Draws what there is in view; a chart that is scrolled out of sight waits until it is back. */
  draw(content: ChartContent, view: View): void {
    this.#content = content;
    this.#waiting = this.#inSight ? undefined : view;
    if (!this.#inSight) return;
    const shape = JSON.stringify(content.lines.map(({ label, colour, dash }) => [label, colour, dash]));
    if (shape !== this.#shape || !this.#plot) this.#make(shape, content.lines);
    setText(this.#message, content.message ?? '');
    this.#message.hidden = !content.message;
    this.#plot?.setData(dataOf(content, view, scaleOf[this.kind.unit]), false);
    this.#plot?.setScale('x', { min: view.from, max: view.to });
    this.point(view);
  }

  /** Shows the values of the shared moment. */
  point({ from, to, second }: View): void {
    const { tape, lines } = this.#content ?? {};
    if (!tape || !lines) return;
    const values = lines.map((line) =>
      format(
        second === undefined ? tape.latest(line.values, to) : tape.at(line.values, second),
        this.kind.unit,
      ),
    );
    this.#legend.show(values);
    const spoken = lines.map(({ label }, index) => `${label} ${values[index]}`).join(', ');
    setAttributes(this.#plotNode, { 'aria-label': `${this.kind.title} of ${this.sourceLabel()}: ${spoken}` });
    const plot = this.#plot;
    if (!plot) return;
    const shown = second !== undefined && second >= from && second <= to;
    plot.setCursor({ left: shown ? plot.valToPos(second, 'x') : -10, top: shown ? 0 : -10 }, false);
  }

  /** Takes the colours of the theme anew. */
  recolour(): void {
    this.#legend.recolour(this.theme);
    this.#plot?.redraw();
  }

  dispose(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  #make(shape: string, lines: Line[]): void {
    this.#plot?.destroy();
    this.#shape = shape;
    this.#legend.set(lines, this.theme);
    this.#plot = new uPlot(this.#options(lines), [[], ...lines.map(() => [])], this.#plotNode);
  }

  #options(lines: Line[]): uPlot.Options {
    const { theme, kind } = this;
    const axis = {
      stroke: () => theme.colour('muted'),
      font: `11px ${getComputedStyle(document.body).fontFamily}`,
      grid: { stroke: () => theme.faint('text'), width: 1 },
      ticks: { show: false },
    };
    const scale = scaleOf[kind.unit];
    return {
      width: this.#width || 300,
      height: plotHeight,
      padding: [labelHeight, 26, 0, 0],
      legend: { show: false },
      // The shared cursor moves it, not the library's own listeners.
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 }, bind: unbound },
      scales: {
        x: { time: true },
        y: { range: () => uPlot.rangeNum(0, (this.#content?.top ?? kind.least) * scale, 0.15, true) },
      },
      axes: [
        {
          ...axis,
          size: 26,
          space: (_, __, from, to) => (to - from > 600 ? 46 : 66),
          incrs: timeSteps,
          values: (_, ticks, __, ___, step) => ticks.map((tick) => formatTimeTick(tick, step)),
        },
        {
          ...axis,
          size: axisWidth,
          space: 32,
          incrs: kind.unit === 'count' ? wholeSteps : undefined,
          values: (_, ticks, __, ___, step) => ticks.map((tick) => formatTick(tick, step, kind.unit)),
        },
      ],
      series: [
        {},
        ...lines.map(({ label, colour, dash }) => ({
          label,
          stroke: () => theme.colour(colour),
          width: 1.5,
          dash: [...dash],
          points: { show: false },
        })),
      ],
      hooks: { draw: [(plot) => drawMarks(plot, this.#content?.marks ?? [], theme)] },
    };
  }

  #see(inSight: boolean): void {
    this.#inSight = inSight;
    if (inSight && this.#waiting && this.#content) this.draw(this.#content, this.#waiting);
  }

  #resize(width: number): void {
    this.#width = Math.floor(width);
    if (this.#width > 0) this.#plot?.setSize({ width: this.#width, height: plotHeight });
  }

  #point(clientX: number): void {
    const plot = this.#plot;
    if (!plot) return;
    const left = clientX - plot.over.getBoundingClientRect().left;
    const inside = left >= 0 && left <= plot.over.clientWidth;
    this.cursor.set(inside ? Math.round(plot.posToVal(left, 'x')) : undefined);
  }
}

/** Seconds. */
const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800];

const wholeSteps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

const ignore = () => null;
const unbound: uPlot.Cursor.Bind = {
  mousedown: ignore,
  mouseup: ignore,
  click: ignore,
  dblclick: ignore,
  mousemove: ignore,
  mouseleave: ignore,
  mouseenter: ignore,
};

function dataOf({ tape, lines }: ChartContent, { from, to }: View, scale: number): uPlot.AlignedData {
  const times = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return [
    times,
    ...lines.map(({ values }) =>
      times.map((second) => {
        const value = tape.at(values, second);
        return Number.isNaN(value) ? null : value * scale;
      }),
    ),
  ];
}

/** The highest value in view of these lines. */
export function topOf(tape: Tape, lines: readonly Line[], { from, to }: View): number {
  return Math.max(0, ...lines.map(({ values }) => highest(tape.slice(values, from, to))));
}

import type uPlot from 'uplot';
import type { Theme } from '../shared/theme';

export interface Mark {
  /** Milliseconds since 1970. */
  at: number;
  label: string;
}

/** What must be free above the plot for the labels, in CSS pixels. */
export const labelHeight = 16;

const longest = 24;

/** Draws deploys as lines across a chart, with a label above it where there is room. */
export function drawMarks(chart: uPlot, marks: readonly Mark[], theme: Theme): void {
  const { ctx, bbox } = chart;
  const ratio = devicePixelRatio;
  const right = bbox.left + bbox.width;
  const visible = marks
    .map(({ at, label }) => ({ label, x: Math.round(chart.valToPos(at / 1000, 'x', true)) }))
    .filter(({ x }) => x >= bbox.left && x <= right)
    .sort((a, b) => a.x - b.x);
  if (!visible.length) return;
  ctx.save();
  ctx.strokeStyle = theme.colour('green');
  ctx.fillStyle = theme.colour('text');
  ctx.lineWidth = Math.round(ratio);
  ctx.font = `${11 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'bottom';
  ctx.setLineDash([4 * ratio, 3 * ratio]);
  let free = 0;
  for (const { x, label } of visible) {
    ctx.beginPath();
    ctx.moveTo(x, bbox.top - 3 * ratio);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    // Near the end a label stands to the left of its line's end, but never over the one before it.
    const short = label.length > longest ? `${label.slice(0, longest - 1)}…` : label;
    const start = Math.min(x, Math.max(free, right - ctx.measureText(short).width));
    const text = start < free ? '' : fitting(ctx, short, right - start);
    ctx.fillText(text, start, bbox.top - 3 * ratio);
    if (text) free = start + ctx.measureText(text).width + 6 * ratio;
  }
  ctx.restore();
}

/** As much of a label as there is room for; nothing where that would not tell it from others. */
function fitting(ctx: CanvasRenderingContext2D, label: string, room: number): string {
  let text = label;
  while (text && ctx.measureText(text).width > room) text = text.length > 5 ? `${text.slice(0, -2)}…` : '';
  return text;
}

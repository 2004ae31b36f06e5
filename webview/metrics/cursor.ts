/** The moment that all charts and the read-out show: a second, or the present while nobody points at one. */
export class Cursor {
  readonly #listeners: (() => void)[] = [];
  #second: number | undefined;

  get second(): number | undefined {
    return this.#second;
  }

  set(second: number | undefined): void {
    if (second === this.#second) return;
    this.#second = second;
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }
}

/** The part of time that is in view, both ends included, and the moment shown. */
export interface View {
  from: number;
  to: number;
  /** Undefined shows the newest values. */
  second: number | undefined;
  /** The present, which a view that is paused does not reach. */
  now: number;
  paused: boolean;
}

/** Where the keys of a slider take the moment: arrows by a sixtieth of the view, pages by ten of those, Escape to the present. */
export function moveByKey(key: string, { from, to, second }: View): number | undefined {
  const step = Math.max(1, Math.round((to - from) / 60));
  const moves: Record<string, number> = {
    ArrowLeft: -step,
    ArrowDown: -step,
    ArrowRight: step,
    ArrowUp: step,
    PageDown: -10 * step,
    PageUp: 10 * step,
  };
  if (key === 'Home') return from;
  const move = moves[key];
  if (key === 'End' || key === 'Escape' || move === undefined) return undefined;
  const moved = (second ?? to) + move;
  return moved >= to ? undefined : Math.max(from, moved);
}

/** The keys that {@link moveByKey} knows. */
export const cursorKeys: readonly string[] = [
  'ArrowLeft',
  'ArrowDown',
  'ArrowRight',
  'ArrowUp',
  'PageDown',
  'PageUp',
  'Home',
  'End',
  'Escape',
];

/** Something that shows an item of a list, and can show what becomes of it. */
export interface Row<T> {
  readonly node: HTMLElement;
  show(item: T): void;
}

/**
 * Shows items below a node. What stays in the list keeps its element, so that whoever has the focus in it, or listens to it, is not
 * thrown out by an update.
 */
export class KeyedList<T> {
  readonly #rows = new Map<string, Row<T>>();

  constructor(
    readonly node: HTMLElement,
    private readonly keyOf: (item: T) => string,
    private readonly make: (item: T) => Row<T>,
  ) {}

  show(items: readonly T[]): void {
    const wanted = new Set(items.map(this.keyOf));
    for (const [key, { node }] of this.#rows) {
      if (wanted.has(key)) continue;
      node.remove();
      this.#rows.delete(key);
    }
    let place = this.node.firstElementChild;
    for (const item of items) {
      const row = this.#rowOf(item);
      row.show(item);
      // To move an element takes the focus from it.
      if (row.node === place) place = place.nextElementSibling;
      else this.node.insertBefore(row.node, place);
    }
  }

  #rowOf(item: T): Row<T> {
    const key = this.keyOf(item);
    let row = this.#rows.get(key);
    if (!row) this.#rows.set(key, (row = this.make(item)));
    return row;
  }
}

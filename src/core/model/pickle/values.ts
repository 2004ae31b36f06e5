import type { PickleImport } from './pickleScan';

/** What is known of a Python value without making it. Ints and floats are numbers; large ints are bigints. */
export type Value =
  null | boolean | number | bigint | string | Bytes | Sequence | Dict | Global | Made | Unknown;

export class Bytes {
  constructor(
    readonly length: number,
    /** Absent when there is too much of it. */
    readonly data: Buffer | undefined,
    /** The last of them, where there are too many. */
    readonly tail?: Buffer,
  ) {}
}

export class Sequence {
  /** Set where something was done to it that is not followed: what it holds is not known any more. */
  changed = false;

  constructor(
    readonly type: 'list' | 'tuple' | 'set' | 'frozenset',
    readonly items: Value[],
  ) {}
}

export class Dict {
  constructor(
    /** Keys and values in turn, as they were set. */
    readonly entries: Value[],
  ) {}

  get(key: string): Value | undefined {
    for (let at = this.entries.length - 2; at >= 0; at -= 2) {
      if (this.entries[at] === key) return this.entries[at + 1];
    }
    return undefined;
  }

  get keys(): Value[] {
    return this.entries.filter((_, at) => at % 2 === 0);
  }
}

/** A name that is imported. */
export class Global {
  constructor(
    /** Python 3's names for what Python 2 called otherwise. */
    readonly module: string,
    readonly name: string,
    readonly entry: PickleImport,
  ) {}

  is(module: string, name: string): boolean {
    return this.module === module && this.name === name;
  }
}

export interface Dtype {
  /** One letter: `f`, `i`, `u`, `b`, `c`, `U`, `S`, `O`, `V`, `M`, `m`. */
  kind: string;
  /** Bytes of one item. */
  size: number;
  order: string;
  hasObject: boolean;
}

export interface ArrayFacts {
  dtype: Dtype;
  shape: number[];
  /** The raw items, where there are few. */
  data?: Buffer;
  /** The items of an array of objects. */
  items?: Value[];
}

/** What a call answers. */
export class Made {
  /** States it was given by BUILD, the latest last. */
  readonly states: Dict[] = [];
  /** What is set into it as into a dict. */
  readonly entries = new Dict([]);
  dtype?: Dtype;
  array?: ArrayFacts;

  constructor(
    readonly callable: Value,
    readonly args: Value[],
    /** Its class, where the call is known to make an instance. */
    readonly cls: Value | undefined,
  ) {}

  attribute(name: string): Value | undefined {
    for (let at = this.states.length - 1; at >= 0; at--) {
      const value = this.states[at]?.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }
}

/** What can not be known: objects of an extension registry, of a persistent id, text that is too long. */
export class Unknown {}

/** Whether the value stands in the file as it is, and is not made or imported while it is loaded. */
export function isLiteral(value: Value): boolean {
  if (value instanceof Sequence) return value.type === 'tuple' && value.items.every(isLiteral);
  return value === null || value instanceof Bytes || typeof value !== 'object';
}

/**
 * Whether it surely is no text, so that a loader refuses it as a name. The loader of pickle comes to such in what is written for that of
 * joblib, as its memo counts on where another one begins.
 */
export function isNoText(value: Value): boolean {
  if (typeof value === 'string' || value instanceof Unknown) return false;
  if (value instanceof Global) return value.entry.verdict === 'allowed';
  if (!(value instanceof Made)) return true;
  const { cls } = value;
  return (
    cls instanceof Global && cls.entry.verdict === 'allowed' && /^(_?[A-Z]\w*|dtype|ndarray)$/.test(cls.name)
  );
}

export function tupleItems(value: Value | undefined): Value[] | undefined {
  return value instanceof Sequence && value.type === 'tuple' ? value.items : undefined;
}

export function bytesOf(value: Value | undefined): Buffer | undefined {
  return value instanceof Bytes ? value.data : undefined;
}

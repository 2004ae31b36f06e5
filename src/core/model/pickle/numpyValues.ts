import type { PickleArray } from './pickleScan';
import {
  bytesOf,
  Bytes,
  Dict,
  Global,
  Made,
  Sequence,
  tupleItems,
  type ArrayFacts,
  type Dtype,
  type Value,
} from './values';

/** Whether the module is the one that holds `_reconstruct`, `scalar` and `_frombuffer`. */
export function isNumpyCore(module: string): boolean {
  return /^numpy\.(_core|core)\.(multiarray|numeric)$/.test(module);
}

/** The dtype that `numpy.dtype` makes of a name like `f8`, or of the class of records. */
export function dtypeOfName(name: Value | undefined): Dtype | undefined {
  if (name instanceof Global && /^numpy(\.|$)/.test(name.module) && name.name === 'record')
    return { kind: 'V', size: 0, order: '|', hasObject: false };
  const parts = typeof name === 'string' ? /^([biufcmMOSUV])(\d{1,9})$/.exec(name) : null;
  if (!parts) return undefined;
  const kind = parts[1] ?? '';
  const size = Number(parts[2]);
  return { kind, size: kind === 'U' ? size * 4 : size, order: '|', hasObject: kind === 'O' };
}

/** What BUILD makes of a dtype with `(version, order, subtype, names, fields, size, alignment, flags)`; undefined if it contradicts itself. */
export function dtypeWithState(dtype: Dtype, state: Value): Dtype | undefined {
  const parts = tupleItems(state);
  if (!parts || parts.length < 8) return undefined;
  const [version, order, subtype, , fields, size, , flags] = parts;
  if (typeof version !== 'number' || version < 3 || typeof order !== 'string') return undefined;
  if (typeof size !== 'number' || typeof flags !== 'number') return undefined;
  const flexible = 'SUV'.includes(dtype.kind);
  if (flexible ? size < 0 : size !== -1) return undefined;
  const hasObject = dtype.kind === 'V' ? haveObject([subtype, ...fieldsOf(fields)]) : dtype.kind === 'O';
  if (hasObject === undefined || (flags & objectFlags) !== (hasObject ? objectFlags : 0)) return undefined;
  return { kind: dtype.kind, order, size: flexible ? size : dtype.size, hasObject };
}

/** `NPY_ITEM_REFCOUNT` and `NPY_LIST_PICKLE`: items are objects, and come as a list. Without them numpy takes bytes for the objects. */
const objectFlags = 3;

/** Whether parts of a dtype, each a tuple of the part's own dtype and more, hold objects; undefined when that can not be known. */
function haveObject(parts: (Value | undefined)[]): boolean | undefined {
  const own = parts.filter((part) => part !== null).map((part) => dtypeOf(tupleItems(part)?.[0]));
  return own.includes(undefined) ? undefined : own.some((dtype) => dtype?.hasObject);
}

function fieldsOf(fields: Value | undefined): (Value | undefined)[] {
  if (fields === null) return [];
  return fields instanceof Dict ? fields.entries.filter((_, at) => at % 2 === 1) : [undefined];
}

/** Whether the object is a dtype that numpy itself makes: one of other libraries takes a state of its own. */
export function isNumpyDtype({ callable, args }: Made): boolean {
  if (!(callable instanceof Global) || !/^numpy(\.|$)/.test(callable.module)) return false;
  if (callable.module === 'numpy.dtypes') return true;
  const [first] = args;
  const isOther = first instanceof Global && !/^(numpy|builtins)(\.|$)/.test(first.module);
  return callable.name === 'dtype' && !isOther;
}

export function dtypeOf(value: Value | undefined): Dtype | undefined {
  return value instanceof Made ? value.dtype : undefined;
}

export function shapeOf(value: Value | undefined): number[] | undefined {
  const items = tupleItems(value);
  const sizes = items?.filter((size) => typeof size === 'number' && Number.isInteger(size) && size >= 0);
  return items && sizes?.length === items.length ? (sizes as number[]) : undefined;
}

/** Bytes of all items; undefined when that is more than any file has. */
export function bytesOfArray({ dtype, shape }: ArrayFacts): number | undefined {
  if (shape.includes(0)) return 0;
  const size = shape.reduce((product, next) => product * next, dtype.size);
  return Number.isSafeInteger(size) ? size : undefined;
}

/** What BUILD makes of an array with `(version, shape, dtype, fortran, data)`. */
export function arrayWithState(state: Value): ArrayFacts | undefined {
  const parts = tupleItems(state);
  if (parts?.length !== 5) return undefined;
  const [, shapeValue, dtypeValue, , data] = parts;
  const shape = shapeOf(shapeValue);
  const dtype = dtypeOf(dtypeValue);
  if (!shape || !dtype) return undefined;
  if (data instanceof Sequence) return { shape, dtype, items: data.items };
  return { shape, dtype, data: bytesOf(data) };
}

/** What `_frombuffer(data, dtype, shape, order)` makes. */
export function arrayOfBuffer([data, dtypeValue, shapeValue]: Value[]): ArrayFacts | undefined {
  const shape = shapeOf(shapeValue);
  const dtype = dtypeOf(dtypeValue);
  return shape && dtype && { shape, dtype, data: bytesOf(data) };
}

/** The value of a numpy scalar, where it is one that Python has too. */
export function scalarOf([dtypeValue, data]: Value[]): Value | undefined {
  const dtype = dtypeOf(dtypeValue);
  if (!dtype || !(data instanceof Bytes)) return undefined;
  return itemsOf({ dtype, shape: [1], data: data.data })?.[0];
}

/** The items of a small array of one dimension, as far as they are numbers, texts or truth values. */
export function itemsOf(array: ArrayFacts): Value[] | undefined {
  const { dtype, shape, data, items } = array;
  if (shape.length !== 1) return undefined;
  const count = shape[0] ?? 0;
  if (items) return items.length === count ? items : undefined;
  if (!data || data.length !== count * dtype.size || dtype.size === 0) return undefined;
  const read = readerOf(dtype);
  if (!read) return undefined;
  return Array.from({ length: count }, (_, at) =>
    read(data.subarray(at * dtype.size, (at + 1) * dtype.size)),
  );
}

function readerOf({ kind, size, order }: Dtype): ((item: Buffer) => Value) | undefined {
  const ordered = (item: Buffer): Buffer => (order === '>' ? Buffer.from(item).reverse() : item);
  if (kind === 'b') return (item) => item[0] !== 0;
  if (kind === 'i' && size <= 4) return (item) => ordered(item).readIntLE(0, size);
  if (kind === 'u' && size <= 4) return (item) => ordered(item).readUIntLE(0, size);
  if (kind === 'i' && size === 8) return (item) => Number(ordered(item).readBigInt64LE());
  if (kind === 'u' && size === 8) return (item) => Number(ordered(item).readBigUInt64LE());
  if (kind === 'f' && size === 4) return (item) => ordered(item).readFloatLE();
  if (kind === 'f' && size === 8) return (item) => ordered(item).readDoubleLE();
  if (kind === 'U') return (item) => readUcs4(item, order === '>');
  if (kind === 'S') return (item) => item.toString('latin1').replace(/\0+$/, '');
  return undefined;
}

function readUcs4(item: Buffer, bigEndian: boolean): string {
  let text = '';
  for (let at = 0; at + 4 <= item.length; at += 4) {
    const code = bigEndian ? item.readUInt32BE(at) : item.readUInt32LE(at);
    text += code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  }
  return text.replace(/\0+$/, '');
}

/** As numpy writes it. */
export function describeArray({ dtype, shape }: ArrayFacts): PickleArray {
  const { kind, size, order } = dtype;
  const sizeText = kind === 'O' ? '' : String(kind === 'U' ? size / 4 : size);
  return { dtype: `${order === '=' ? '|' : order}${kind}${sizeText}`, shape };
}

/** A part of a protobuf message that has a length. */
export function part(number: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([head(number, body.length), body]);
}

/** The tag and the length of a part, without the part. */
export function head(number: number, length: number): Buffer {
  return Buffer.from([...varint(number * 8 + 2), ...varint(length)]);
}

export function number(field: number, value: number): Buffer {
  return Buffer.from([...varint(field * 8), ...varint(value)]);
}

export function text(field: number, value: string): Buffer {
  return part(field, Buffer.from(value));
}

/** A model with this graph and what else a model must have. */
export function modelWith(...graph: Uint8Array[]): Buffer {
  return Buffer.concat([number(1, 10), part(8, number(2, 17)), part(7, ...graph)]);
}

/** A `ValueInfoProto` of a float32 vector. */
export function vector(field: number, name: string): Buffer {
  const shape = part(2, part(1, number(1, 4)));
  return part(field, text(1, name), part(2, part(1, number(1, 1), shape)));
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

import type { Dimension, TensorSpec } from './signature';

/** `[batch, 4]`; a free dimension without a name is `?`, a scalar `[]`. */
export function shapeWords(shape: Dimension[]): string {
  return `[${shape.map((dimension) => dimension ?? '?').join(', ')}]`;
}

/** `float32 [batch, 4]`, or the type alone where the model does not state a shape. */
export function tensorWords({ type, shape }: TensorSpec): string {
  return shape ? `${type} ${shapeWords(shape)}` : type;
}

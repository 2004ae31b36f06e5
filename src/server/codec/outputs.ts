import type { Tensor } from '../../core/inference/tensor';
import { unpacked } from '../../core/inference/tensorBytes';
import { TensorError } from '../../core/inference/tensorFill';
import { Failure } from '../failure';

/** An output as JSON can hold it. Throws `Failure` 500 when it has bytes that are no text. */
export function asText(output: Tensor): Tensor {
  try {
    return unpacked(output);
  } catch (error) {
    if (!(error instanceof TensorError)) throw error;
    throw new Failure(
      500,
      `Output "${output.name}" is no text: ${error.message}. Ask for it as binary data.`,
    );
  }
}

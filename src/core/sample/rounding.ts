import { bfloatToNumber, halfToNumber, numberToBfloat, numberToHalf } from '../inference/half';
import type { Datatype } from '../inference/tensor';

/** For the floats narrower than JSON's numbers: how they round, and from how many digits on a decimal may give them back. */
const floats: Partial<Record<Datatype, { round: (value: number) => number; digits: number }>> = {
  FP32: { round: Math.fround, digits: 6 },
  FP16: { round: (value) => halfToNumber(numberToHalf(value)), digits: 3 },
  BF16: { round: (value) => bfloatToNumber(numberToBfloat(value)), digits: 2 },
};

/** The value of this datatype that is nearest to a number. */
export function roundTo(datatype: Datatype, value: number): number {
  return floats[datatype]?.round(value) ?? value;
}

/** The shortest decimal that is nearest to this very value of the datatype: 0.1, not 0.10000000149011612. */
export function shortest(datatype: Datatype, value: number): number {
  const float = floats[datatype];
  if (!float || !Number.isFinite(value)) return value;
  for (let { digits } = float; digits < 10; digits++) {
    const decimal = Number(value.toPrecision(digits));
    if (float.round(decimal) === value) return decimal;
  }
  return value;
}

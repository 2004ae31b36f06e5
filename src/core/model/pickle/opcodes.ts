/** Sizes of what follows an opcode, other than a fixed count of bytes. */
export const line = -1;
export const twoLines = -2;
export const counted1 = -3;
export const counted4 = -4;
export const counted8 = -5;

/** All opcodes of the protocols 0 to 5, by what follows them. */
const byOperand: [number, number[]][] = [
  [0, codes('Nabdelost()}]RuQ012.')],
  [0, [0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8f, 0x90, 0x91, 0x92, 0x93, 0x94, 0x97, 0x98]],
  [1, [...codes('Khq'), 0x80, 0x82]],
  [2, [...codes('M'), 0x83]],
  [4, [...codes('Jjr'), 0x84]],
  [8, [...codes('G'), 0x95]],
  [line, codes('FILSVPgp')],
  [twoLines, codes('ci')],
  [counted1, [...codes('UC'), 0x8a, 0x8c]],
  [counted4, [...codes('TBX'), 0x8b]],
  [counted8, [0x8d, 0x8e, 0x96]],
];

const operands = new Map(byOperand.flatMap(([operand, all]) => all.map((code) => [code, operand] as const)));
const table = Array.from({ length: 256 }, (_, code) => operands.get(code));

/** What follows the opcode: a count of bytes or one of the words above; undefined when it is no opcode. */
export function operandOf(code: number): number | undefined {
  return table[code];
}

/** Bytes of the length that stands before a counted operand. */
export function widthOf(operand: number): number {
  if (operand === counted1) return 1;
  return operand === counted4 ? 4 : 8;
}

function codes(letters: string): number[] {
  return Array.from(letters, (letter) => letter.charCodeAt(0));
}

import { callHandlers } from './callHandlers';
import { constantHandlers } from './constantHandlers';
import { containerHandlers } from './containerHandlers';
import type { Operand, PickleMachine } from './machine';

/** Does to the machine what an opcode says. */
export type Handler = (machine: PickleMachine, operand: Operand) => void | Promise<void>;

/** By the opcode: its letter, or its number from 0x80 on. */
export type Handlers = Record<string, Handler>;

let table: (Handler | undefined)[] | undefined;

export function handlerOf(code: number): Handler | undefined {
  table ??= makeTable();
  return table[code];
}

function makeTable(): (Handler | undefined)[] {
  const all: Handlers = { ...constantHandlers, ...containerHandlers, ...callHandlers };
  return Array.from(
    { length: 256 },
    (_, code) => all[code < 0x80 ? String.fromCharCode(code) : `x${code.toString(16)}`],
  );
}

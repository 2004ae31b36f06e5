import { setImmediate } from 'node:timers/promises';
import type { ByteInput } from './byteInput';
import { handlerOf } from './handlers';
import { most, type Limits } from './limits';
import { counted1, line, operandOf, twoLines, widthOf } from './opcodes';
import type { Report } from './report';
import { BrokenPickle } from './scanErrors';
import type { Value } from './values';

/** What the scans of one file and of the pickles in it have in common. */
export interface ScanContext {
  limits: Limits;
  /** Scans bytes that may be a pickle themselves. */
  scanNested(bytes: Buffer, machine: PickleMachine, offset: number): Promise<void>;
}

export interface MachineOptions {
  /** Whether raw arrays follow the wrappers of joblib, as its own loader reads them. */
  joblib: boolean;
  depth: number;
}

/** What follows an opcode: its bytes, or the first of them where there are too many. */
export interface Operand {
  bytes: Buffer;
  length: number;
  second: Buffer;
}

const empty = Buffer.alloc(0);

/** Follows one pickle from its start to its STOP with values that stand for the real ones. Nothing is imported or called. */
export class PickleMachine {
  readonly memo = new Map<number, Value>();
  #stack: Value[] = [];
  #marks: Value[][] = [];
  /** Where the frame ends that is being read. */
  frameEnd = 0;
  /** The one that was announced last; the next imports are looked up as it has it. */
  protocol: number | undefined;
  /** Where the opcode stands that is being followed. */
  offset = 0;
  /** Where the pickle starts. */
  readonly start: number;
  #stopped = false;

  constructor(
    readonly input: ByteInput,
    readonly report: Report,
    readonly context: ScanContext,
    readonly options: MachineOptions,
  ) {
    this.start = input.offset;
    this.offset = input.offset;
  }

  /**
   * The outermost object.
   * @throws BrokenPickle where it can not be followed, LimitReached
   */
  async run(): Promise<Value> {
    const { input } = this;
    const { limits } = this.context;
    const operand: Operand = { bytes: empty, length: 0, second: empty };
    while (!this.#stopped) {
      if (limits.countOpcode()) await this.#breathe();
      if (!input.has(1) && !(await input.want(1))) throw input.truncated('the pickle');
      this.offset = input.offset;
      const code = input.at(0);
      const size = operandOf(code);
      const handle = handlerOf(code);
      if (size === undefined || !handle) throw this.broken(`byte ${code} is no opcode`);
      input.take(1);
      if (size > 0) {
        operand.bytes = input.has(size) ? input.take(size) : await input.read(size, 'an operand');
        operand.length = size;
      } else if (size < 0) await this.#readOperand(size, operand);
      const later = handle(this, operand);
      if (later) await later;
    }
    return this.pop();
  }

  async #breathe(): Promise<void> {
    await setImmediate();
    this.context.limits.signal?.throwIfAborted();
  }

  async #readOperand(size: number, operand: Operand): Promise<void> {
    const { input } = this;
    if (size === line || size === twoLines) {
      operand.bytes = await input.readLine(most.constant);
      operand.length = operand.bytes.length;
      if (size === line) return;
      operand.bytes = Buffer.from(operand.bytes);
      operand.second = await input.readLine(most.constant).catch((error: unknown) => {
        if (error instanceof BrokenPickle && error.truncated) return lastLine(input);
        throw error;
      });
      return;
    }
    const width = widthOf(size);
    const head = await input.read(width, 'a length');
    operand.length = width === 8 ? Number(head.readBigUInt64LE()) : head.readUIntLE(0, width);
    if (size === counted1 || operand.length <= most.constant) {
      operand.bytes = await input.read(operand.length, 'a constant');
      return;
    }
    await input.want(most.kept);
    operand.bytes = Buffer.from(input.peek().subarray(0, most.kept));
    await input.skip(operand.length, 'a constant');
  }

  stop(): void {
    this.#stopped = true;
  }

  push(value: Value): void {
    this.#stack.push(value);
  }

  pop(): Value {
    const value = this.#stack.pop();
    if (value === undefined) throw this.broken('the stack is empty');
    return value;
  }

  top(): Value {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.broken('the stack is empty');
    return value;
  }

  get isEmpty(): boolean {
    return this.#stack.length === 0;
  }

  mark(): void {
    this.#marks.push(this.#stack);
    this.#stack = [];
  }

  /** What was pushed since the last mark. */
  popMark(): Value[] {
    const before = this.#marks.pop();
    if (!before) throw this.broken('no mark is set');
    const items = this.#stack;
    this.#stack = before;
    return items;
  }

  broken(message: string): BrokenPickle {
    return new BrokenPickle(message, this.offset);
  }
}

/** Python's own reader of lines takes what is left for a line, and its last byte for the newline. */
function lastLine(input: ByteInput): Buffer {
  return input.take(Math.min(input.peek().length, most.kept)).subarray(0, -1);
}

import { findNodeAtLocation, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type * as z from 'zod';

/** Where something stands in a text: UTF-16 offsets. */
export interface TextRange {
  offset: number;
  length: number;
}

/** What is wrong with a text, and where. */
export interface TextProblem {
  range: TextRange;
  message: string;
}

export type JsonPath = (string | number)[];

/** JSON (with comments) that somebody edits: its value as the schema has it, and where everything stands. */
export interface JsonDocument<T> {
  /** Absent when there are problems. */
  value?: T;
  /** The value as it is written, also where it is not as the schema has it. */
  raw?: unknown;
  root?: Node;
  problems: TextProblem[];
}

/** No tensor has so many dimensions, and no call stack is in danger. */
const deepestNesting = 100;

/** Parses a text and holds it against a schema. Integers beyond 2^53 become `bigint`. */
export function parseDocument<T>(text: string, schema: z.ZodType<T>): JsonDocument<T> {
  const errors: ParseError[] = [];
  const whole = { offset: 0, length: text.length };
  const root = treeOf(text, errors);
  if (root === 'too deep') return { problems: [{ range: whole, message: tooDeep }] };
  const problems = errors.map(({ error, offset, length }) => ({
    range: { offset, length },
    message: syntaxWords(printParseErrorCode(error)),
  }));
  if (!root) {
    return { problems: problems.length > 0 ? problems : [{ range: whole, message: 'The file is empty.' }] };
  }
  const reading: Reading = { text, problems };
  const raw = valueOf(root, reading, 0);
  if (reading.tooDeep) return { problems };
  if (problems.length > 0) return { root, raw, problems };
  const { data, error } = schema.safeParse(raw, { reportInput: true });
  if (!error) return { root, raw, value: data, problems };
  return { root, raw, problems: error.issues.flatMap((issue) => schemaProblems(root, issue)) };
}

const tooDeep = `This is nested more than ${deepestNesting} levels deep.`;

/** The tree of a text that may be broken; a byte order mark is no part of it. */
function treeOf(text: string, errors: ParseError[]): Node | 'too deep' | undefined {
  try {
    return parseTree(text.replace(/^\uFEFF/, ' '), errors, { allowTrailingComma: true });
  } catch (error) {
    if (error instanceof RangeError) return 'too deep';
    throw error;
  }
}

function schemaProblems(root: Node, issue: z.core.$ZodIssue): TextProblem[] {
  const path = issue.path as JsonPath;
  switch (issue.code) {
    case 'invalid_key':
      return [
        { range: rangeOf(root, path, 'key'), message: `${issue.issues[0]?.message ?? issue.message}.` },
      ];
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        range: rangeOf(root, [...path, key], 'key'),
        message: `There is no property "${key}" here.`,
      }));
  }
  const range = rangeOf(root, path);
  // JSON has no undefined: nothing is written there. Of a choice by a property, the input is all of the object.
  const absent = issue.code === 'invalid_union' && !findNodeAtLocation(root, path);
  if (issue.input === undefined || absent)
    return [{ range, message: `"${String(path.at(-1))}" is missing.` }];
  return [{ range, message: `${issue.message.replace(/^[\w ]+[:.] expected/i, 'Expected')}.` }];
}

/**
 * Where the value at `path` stands, or what of the path there is of it.
 * With `key`, the range of the property's name.
 */
export function rangeOf(root: Node, path: JsonPath, part: 'value' | 'key' = 'value'): TextRange {
  for (let length = path.length; length >= 0; length--) {
    const node = findNodeAtLocation(root, path.slice(0, length));
    if (!node) continue;
    const key = node.parent?.type === 'property' ? node.parent.children?.[0] : undefined;
    // Of an object that lacks something, the name is enough: the whole of it would be underlined.
    const shown = key && (part === 'key' || (length < path.length && node.type === 'object')) ? key : node;
    return { offset: shown.offset, length: shown.length };
  }
  return { offset: root.offset, length: root.length };
}

/** Line and column of an offset, both from 1. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

interface Reading {
  text: string;
  problems: TextProblem[];
  tooDeep?: boolean;
}

function valueOf(node: Node, reading: Reading, depth: number): unknown {
  const { text, problems } = reading;
  if (depth > deepestNesting) {
    if (!reading.tooDeep)
      problems.push({ range: { offset: node.offset, length: node.length }, message: tooDeep });
    reading.tooDeep = true;
    return undefined;
  }
  switch (node.type) {
    case 'array':
      return (node.children ?? []).map((child) => valueOf(child, reading, depth + 1));
    case 'object': {
      const members = new Map<string, unknown>();
      for (const { children: [key, value] = [] } of node.children ?? []) {
        if (!key || !value) continue;
        const name = key.value as string;
        if (members.has(name)) {
          problems.push({
            range: { offset: key.offset, length: key.length },
            message: `"${name}" stands here twice.`,
          });
        }
        members.set(name, valueOf(value, reading, depth + 1));
      }
      return Object.fromEntries(members);
    }
    case 'number': {
      const written = text.slice(node.offset, node.offset + node.length);
      return !Number.isSafeInteger(node.value) && /^-?\d+$/.test(written)
        ? BigInt(written)
        : (node.value as number);
    }
    default:
      return node.value;
  }
}

/** `CommaExpected` → `A comma is expected here.` */
function syntaxWords(code: string): string {
  const words = code.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  const expected = /^(.*) expected$/.exec(words)?.[1];
  return expected ? `A ${expected} is expected here.` : `This is no JSON: ${words}.`;
}

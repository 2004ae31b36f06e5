import { findNodeAtLocation, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { z } from 'zod';

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
  root?: Node;
  problems: TextProblem[];
}

/** Parses a text and holds it against a schema. Integers beyond 2^53 become `bigint`. */
export function parseDocument<T>(text: string, schema: z.ZodType<T>): JsonDocument<T> {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const problems = errors.map(({ error, offset, length }) => ({
    range: { offset, length },
    message: syntaxWords(printParseErrorCode(error)),
  }));
  if (!root)
    return {
      problems:
        problems.length > 0
          ? problems
          : [{ range: { offset: 0, length: text.length }, message: 'The file is empty.' }],
    };
  if (problems.length > 0) return { root, problems };
  const { data, error } = schema.safeParse(valueOf(root, text));
  if (!error) return { root, value: data, problems };
  return {
    root,
    problems: error.issues.flatMap((issue) => {
      const path = issue.path as JsonPath;
      if (issue.code === 'invalid_key') {
        return [{ range: rangeOf(root, path, 'key'), message: `${issue.issues[0]?.message ?? issue.message}.` }];
      }
      if (issue.code !== 'unrecognized_keys')
        return [{ range: rangeOf(root, path), message: `${issue.message}.` }];
      return issue.keys.map((key) => ({
        range: rangeOf(root, [...path, key], 'key'),
        message: `There is no property "${key}" here.`,
      }));
    }),
  };
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

function valueOf(node: Node, text: string): unknown {
  switch (node.type) {
    case 'array':
      return (node.children ?? []).map((child) => valueOf(child, text));
    case 'object':
      return Object.fromEntries(
        (node.children ?? []).flatMap(({ children: [key, value] = [] }) =>
          key && value ? [[key.value as string, valueOf(value, text)]] : [],
        ),
      );
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

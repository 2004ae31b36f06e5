import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type * as z from 'zod';
import { messageOf, UserError } from '../errors';
import { parseDocument, positionOf, type TextProblem } from '../jsonDocument';
import { configSchema } from './schema';

export const configFileName = 'slipway.json';

export type Config = z.infer<typeof configSchema>;
export type TargetConfig = Config['targets'][string];
/** The configuration of a target of one kind. */
export type TargetConfigOf<K extends TargetConfig['kind']> = Extract<TargetConfig, { kind: K }>;

/** Reads the text of a `slipway.json`; without `config` there are problems. */
export function parseConfig(text: string): { config?: Config; problems: TextProblem[] } {
  const { value, problems } = parseDocument(text, configSchema);
  return { ...(value && { config: value }), problems };
}

/**
 * Reads `slipway.json`; undefined when there is none.
 * @param next what to do about errors in it
 * @throws UserError `config-invalid` that names file, line and column of the first error
 */
export async function loadConfig(file: string, next = 'Correct it.'): Promise<Config | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const message = `${basename(file)} can not be read: ${messageOf(error)}.`;
    throw new UserError('config-invalid', message, 'Check its permissions.', { cause: error });
  }
  const { config, problems } = parseConfig(text);
  const first = problems[0];
  if (config || !first) return config;
  const { line, column } = positionOf(text, first.range.offset);
  const more =
    problems.length > 1
      ? ` There ${problems.length > 2 ? `are ${problems.length - 1} more errors` : 'is one more error'}.`
      : '';
  const message = `${basename(file)}:${line}:${column}: ${first.message}${more}`;
  throw new UserError('config-invalid', message, next);
}

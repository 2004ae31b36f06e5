import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../core/errors';
import { fileReason } from '../core/fileErrors';

/**
 * Writes a file that the person asked for, and the folders that it needs. Throws `UserError` where that can not be.
 * @param next what helps where it is not for want of room
 * @param flag `wx` for a file that must not be there yet: `EEXIST` is thrown as it is
 */
export async function writeText(file: string, text: string, next: string, flag = 'w'): Promise<void> {
  try {
    // Where the folder is there but can not be written, as under /proc, a recursive `mkdir` never ends.
    if (!existsSync(dirname(file))) await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { flag });
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (flag === 'wx' && code === 'EEXIST' && existsSync(file)) throw cause;
    const isFull = ['ENOSPC', 'EDQUOT'].includes(code);
    throw new UserError(
      isFull ? 'disk-full' : 'not-writable',
      `${file} could not be written: ${fileReason(cause)}.`,
      isFull ? 'Make room on that disk.' : next,
      { cause },
    );
  }
}

import { writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { UserError } from '../core/errors';
import { fileReason } from '../core/fileErrors';

/** Writes a file that the person asked for. Throws `UserError` where that can not be. */
export async function writeText(file: vscode.Uri, text: string): Promise<void> {
  try {
    await writeFile(file.fsPath, text);
  } catch (cause) {
    throw new UserError(
      (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'disk-full' : 'not-writable',
      `${file.fsPath} could not be written: ${fileReason(cause)}.`,
      'Make room for it, or open a folder that you can write to.',
      { cause },
    );
  }
}

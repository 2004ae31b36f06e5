import { messageOf } from './errors';

const reasons: Record<string, string> = {
  EACCES: 'you are not allowed to',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'a part of this path is a file, not a folder',
  EISDIR: 'it is a folder',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of this path is a file, not a folder',
  EPERM: 'you are not allowed to',
  EROFS: 'the file system is read-only',
};

/** Why a file could not be read or written: `it is a folder`. */
export function fileReason(error: unknown): string {
  return reasons[(error as NodeJS.ErrnoException).code ?? ''] ?? messageOf(error);
}

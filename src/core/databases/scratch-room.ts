import path from 'node:path';
import { freeSpace } from '../fs/space.ts';
import { BackupError } from '../model/backup-error.ts';

/**
 * Makes sure that there is room to make the folder `scratch` and to write this many bytes into it.
 * @throws BackupError NO_SPACE
 */
export function requireRoom(bytes: number, scratch: string): void {
  const free = freeSpace(scratch).bytes;
  if (free >= BigInt(bytes)) return;
  throw new BackupError(
    'NO_SPACE',
    `not enough space to prove a database: ${free} bytes are free, ${bytes} are needed`,
    {
      hint: 'Free some space there.',
      path: path.dirname(scratch),
      details: { freeBytes: Number(free), neededBytes: bytes },
    },
  );
}

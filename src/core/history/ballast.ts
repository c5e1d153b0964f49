import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { RESERVE_BYTES } from '../checks/preflight/repository.ts';
import { writeAll } from '../fs/durable.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import { ballastFile, dropBallast } from './marker.ts';

/** The least, however small the state is: the safety backup keeps a reserve free, and journals, logs and lists need room too. */
const LEAST = Number(RESERVE_BYTES) + (4 << 20);
/** The most: a larger file would slow down every start of guard. A way back that needs more than this needs a disk that is not full. */
const MOST = 96 << 20;
const CHUNK = 1 << 20;

/** errno values that say that there is no room. */
const FULL = ['ENOSPC', 'EDQUOT'];

/**
 * Reserves room for the way back of a command that may fill the disk. The way back saves what the command changed, and needs room beside that for
 * what it brings back, until the swap. Throws NO_SPACE if there is not enough room, and then leaves nothing behind.
 * @param bytes the size of what may have to be brought back
 */
export function putBallast(root: string, bytes: number): void {
  const file = ballastFile(root);
  const size = Math.min(MOST, LEAST + 2 * bytes);
  try {
    fs.rmSync(file, { force: true });
    const fd = fs.openSync(file, 'wx', 0o600);
    try {
      // Random bytes, because a compressing file system would store zeros in no space.
      const chunk = randomBytes(CHUNK);
      for (let left = size; left > 0; left -= CHUNK) writeAll(fd, chunk.subarray(0, Math.min(CHUNK, left)));
    } finally {
      fs.closeSync(fd);
    }
  } catch (cause) {
    dropBallast(root);
    if (!FULL.includes(errnoOf(cause) ?? '')) throw cause;
    const message = `the command was not run: its way back needs ${size} bytes of free space, and there is less`;
    throw new BackupError('NO_SPACE', message, {
      hint: 'Free some space and run guard again, or give --on-failure keep to run the command without a way back.',
      path: file,
      cause,
    });
  }
}

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { RESERVE_BYTES } from '../checks/preflight/space.ts';
import { writeAll } from '../fs/durable.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import { ballastFile, dropBallast } from './marker.ts';

/** However small the state is: the safety backup keeps a reserve free, and there are journals, logs and lists. */
const LEAST = Number(RESERVE_BYTES) + (4 << 20);
/** More would be felt at every start; a way back that needs more needs a disk that is not full. */
const MOST = 96 << 20;
const CHUNK = 1 << 20;

/** errno values that say that there is no room. */
const FULL = ['ENOSPC', 'EDQUOT'];

/**
 * Puts room by for the way back of a command that may fill the disk: what it changed is saved once more, and what comes back stands beside it until
 * the swap. Throws NO_SPACE where there is not that much, and leaves nothing then.
 * @param bytes of what may have to come back
 */
export function putBallast(root: string, bytes: number): void {
  const file = ballastFile(root);
  const size = Math.min(MOST, LEAST + 2 * bytes);
  try {
    fs.rmSync(file, { force: true });
    const fd = fs.openSync(file, 'wx', 0o600);
    try {
      // A file system that compresses would make nothing of zeros.
      const chunk = randomBytes(CHUNK);
      for (let left = size; left > 0; left -= CHUNK) writeAll(fd, chunk.subarray(0, Math.min(CHUNK, left)));
    } finally {
      fs.closeSync(fd);
    }
  } catch (cause) {
    dropBallast(root);
    if (!FULL.includes(errnoOf(cause) ?? '')) throw cause;
    const message = `the command was not run: ${size} bytes of room are put by for its way back, and there is not that much`;
    throw new BackupError('NO_SPACE', message, {
      hint: 'Free some space and run it again, or give --on-failure keep to run it without a way back.',
      path: file,
      cause,
    });
  }
}

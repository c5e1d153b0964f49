import fs from 'node:fs';
import { errnoOf } from '../model/backup-error.ts';

const WINDOWS_BUSY = new Set(['EPERM', 'EBUSY', 'EACCES']);
const PAUSES_MS = [10, 30, 100, 300, 1000];

/** rename(2). On Windows a scanner may hold a file for a moment: then it is tried again, with growing pauses. */
export function renameUnit(from: string, to: string): void {
  for (const pause of process.platform === 'win32' ? PAUSES_MS : []) {
    try {
      fs.renameSync(from, to);
      return;
    } catch (error) {
      if (!WINDOWS_BUSY.has(errnoOf(error) ?? '')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    }
  }
  fs.renameSync(from, to);
}

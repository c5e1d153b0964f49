import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { promisify } from 'node:util';
import { BackupError } from '../model/backup-error.ts';

/** Fewer files than this are synced one by one in the time that a child process takes. */
const WORTH_FILES = 64;
/** Where syncfs(2) is known to write everything and to wait for the disk: ext4, XFS, btrfs and tmpfs (Linux `magic.h`). */
const PROVEN = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994]);
/** Never by PATH: what is planted there must not answer for the disk. */
const PROGRAMS = ['/usr/bin/sync', '/bin/sync'];

/**
 * A function that makes all that was written to the file system of `folder` durable at once, in place of an fsync for each of `files`
 * files; null where that is not proven or not worth it. It throws IO if anything could not be written. Node has no syncfs, so GNU
 * `sync -f` is run.
 */
export async function wholeSync(folder: string, files: number): Promise<(() => Promise<void>) | null> {
  if (files < WORTH_FILES || process.platform !== 'linux' || !reportsErrors(os.release())) return null;
  const program = PROGRAMS.find((file) => fs.existsSync(file));
  if (program === undefined || !PROVEN.has(fs.statfsSync(folder).type) || !(await isGnu(program))) return null;
  return async () => {
    try {
      await promisify(execFile)(program, ['-f', '--', folder]);
    } catch (cause) {
      throw new BackupError('IO', `what was written could not be made durable: ${String(cause)}`, {
        hint: 'The disk may be failing: look into the system log.',
        path: folder,
        cause,
      });
    }
  };
}

/** Before Linux 5.8 syncfs did not report that writing had failed (syncfs(2), "VERSIONS"). `release` is what uname says: 6.1.0-18-amd64. */
export function reportsErrors(release: string): boolean {
  const [, major = 0, minor = 0] = (/^(\d+)\.(\d+)/.exec(release) ?? []).map(Number);
  return major > 5 || (major === 5 && minor >= 8);
}

/** The sync of other systems may take `-f` for something else, or for nothing. */
async function isGnu(program: string): Promise<boolean> {
  try {
    return (await promisify(execFile)(program, ['--version'])).stdout.includes('GNU coreutils');
  } catch {
    return false;
  }
}

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { promisify } from 'node:util';
import { BackupError } from '../model/backup-error.ts';

/** With fewer files, syncing one by one is as fast as starting a child process. */
const WORTH_FILES = 64;
/** The file systems on which syncfs(2) is known to write everything and to wait for the disk: ext4, XFS, btrfs and tmpfs (Linux `magic.h`). */
const PROVEN = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994]);
/** Absolute paths, because a program planted in PATH must not answer for the disk. */
const PROGRAMS = ['/usr/bin/sync', '/bin/sync'];

/**
 * Returns a function that makes everything written to the file system of `folder` durable at once, instead of an fsync for each of `files` files;
 * null if that is not proven to work here or not worth it. The function throws IO if anything could not be written. It runs GNU `sync -f`, because
 * Node has no syncfs.
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
        hint: 'Look into the system log, because the disk may be failing.',
        path: folder,
        cause,
      });
    }
  };
}

/** Before Linux 5.8, syncfs did not report failed writes (syncfs(2), "VERSIONS"). `release` is that of uname, such as 6.1.0-18-amd64. */
export function reportsErrors(release: string): boolean {
  const [, major = 0, minor = 0] = (/^(\d+)\.(\d+)/.exec(release) ?? []).map(Number);
  return major > 5 || (major === 5 && minor >= 8);
}

/** The `sync` of other systems may ignore `-f` or give it another meaning. */
async function isGnu(program: string): Promise<boolean> {
  try {
    return (await promisify(execFile)(program, ['--version'])).stdout.includes('GNU coreutils');
  } catch {
    return false;
  }
}

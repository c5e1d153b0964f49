import path from 'node:path';
import { lstatOrNull, writeFileDurable } from '../fs/durable.ts';
import { readRegular } from '../fs/regular-file.ts';
import { REPORTS_FOLDER } from '../format/layout.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Finding } from '../model/finding.ts';
import { z } from '../model/zod.ts';
import { toNative } from '../paths/paths.ts';
import { makeFolders } from '../repository/reports.ts';

/** Each path that a guarded command had changed, and what it looked like when the command had ended. */
const leftSchema = z.object({ paths: z.array(z.tuple([z.string(), z.string()])) });

/** The same limit as for reports, which list as many paths. */
const MAX_BYTES = 256 << 20;

/** The file beside the reports of guard's backup that says what its command left, so that undo can tell that from later work. */
function leftFile(repository: string, backupId: string): string {
  return path.join(repository, REPORTS_FOLDER, backupId, 'left.json');
}

/** Records what a guarded command left at the paths that it changed. A record that cannot be written is a finding. */
export function recordLeft(root: string, repository: string, backupId: string, paths: readonly string[]): Finding[] {
  const file = leftFile(repository, backupId);
  try {
    makeFolders(repository, backupId);
    writeFileDurable(file, `${JSON.stringify({ paths: paths.map((each) => [each, look(root, each)]) })}\n`);
    return [];
  } catch (error) {
    const why = errnoOf(error) ?? (error instanceof BackupError ? error.message : undefined);
    if (why === undefined) throw error;
    const message = `what the command left could not be recorded (${why}), so migbackup undo cannot tell it from later work`;
    return [{ code: 'made-not-recorded', severity: 'warning', message, path: file }];
  }
}

/** The paths, among those that an undo would change, which are not as the command left them. Without a record this returns none. */
export function changedSince(root: string, repository: string, backupId: string, paths: readonly string[]): string[] {
  const left = readLeft(leftFile(repository, backupId));
  return left === null ? [] : paths.filter((each) => left.get(each) !== look(root, each));
}

function readLeft(file: string): Map<string, string> | null {
  try {
    const parsed = leftSchema.safeParse(JSON.parse(readRegular(file, MAX_BYTES).toString('utf8')));
    return parsed.success ? new Map(parsed.data.paths) : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof BackupError || errnoOf(error) !== undefined) return null;
    throw error;
  }
}

/** The inode is left out: an undo that is undone brings back the same files with other inodes. */
function look(root: string, relative: string): string {
  const stat = lstatOrNull(toNative(root, relative));
  if (stat === null) return 'gone';
  return stat.isDirectory() ? `folder ${stat.mode}` : `${stat.mode} ${stat.size} ${stat.mtimeNs}`;
}

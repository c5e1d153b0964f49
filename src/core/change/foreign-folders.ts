import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import { shellLine } from '../model/shell-quote.ts';
import { escapeName } from '../paths/names.ts';
import { parentOf, toNative } from '../paths/paths.ts';
import type { ChangePlan } from '../transaction/change.ts';

const SHOWN = 5;

/**
 * Refuses, before anything is touched, folders of somebody else's that this user may not change: a container that ran as root leaves them. A rename needs
 * the right to write in the folder that something leaves or enters, and in a folder that is moved itself. Our own are opened for it. Throws IO.
 */
export function refuseForeignFolders(root: string, { units }: Pick<ChangePlan, 'units'>): void {
  const user = process.geteuid?.();
  if (user === undefined || user === 0) return;
  const folders = new Set(
    units.flatMap((unit) => [parentOf(unit.path), ...(unit.old?.type === 'dir' ? [unit.path] : [])]),
  );
  const barred = [...folders].filter((folder) => !mayChange(toNative(root, folder), user));
  if (barred.length === 0) return;
  const natives = barred.map((folder) => toNative(root, folder));
  const owner = (native: string): string => `user ${lstatOrNull(native)?.uid ?? 'unknown'}`;
  const named = natives
    .slice(0, SHOWN)
    .map((native) => `${escapeName(path.relative(root, native))} (${owner(native)})`);
  const more = barred.length > SHOWN ? ` and ${barred.length - SHOWN} more` : '';
  const mend = shellLine(['sudo', 'chown', '-R', `${user}:${process.getegid?.() ?? user}`, '--', ...natives]);
  throw new BackupError('IO', `this user may not change folders of others: ${named.join(', ')}${more}`, {
    hint: `Nothing was changed. Run: ${mend}, then the same command again.`,
    path: natives[0] ?? root,
    details: { mend, folders: barred },
  });
}

function mayChange(folder: string, user: number): boolean {
  try {
    const stat = lstatOrNull(folder);
    if (stat?.isDirectory() !== true || Number(stat.uid) === user) return true;
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

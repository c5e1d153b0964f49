import fs from 'node:fs';
import path from 'node:path';

/** Whom what root makes in a folder should belong to; null where it is root, or where we are not. */
function ownerOf(folder: string): { uid: number; gid: number } | null {
  if (process.geteuid?.() !== 0) return null;
  const stat = fs.statSync(folder, { throwIfNoEntry: false });
  return stat === undefined || stat.uid === 0 ? null : stat;
}

/**
 * Gives what root has just made to whom its folder belongs to: else he could neither read it nor clear it away, and one `sudo` would lock him out.
 * By descriptor: a name may lead elsewhere by now. Where the system refuses it, it stays root's.
 */
export function giveToFolderOwner(fd: number, folder: string): void {
  const owner = ownerOf(folder);
  if (owner === null) return;
  try {
    fs.fchownSync(fd, owner.uid, owner.gid);
  } catch {
    // A file system that keeps no owners, or a user namespace that does not know this one.
  }
}

/** The same for a folder that has just been made. */
export function giveFolderToOwner(made: string): void {
  const parent = path.dirname(made);
  if (ownerOf(parent) === null) return;
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
  const fd = fs.openSync(made, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    giveToFolderOwner(fd, parent);
  } finally {
    fs.closeSync(fd);
  }
}

/** Makes an empty file for something that would make it root's; nothing to do where there is one or where nobody else is concerned. */
export function makeForFolderOwner(file: string, mode: number): void {
  const folder = path.dirname(file);
  if (ownerOf(folder) === null || fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined) return;
  const fd = fs.openSync(file, 'wx', mode);
  try {
    giveToFolderOwner(fd, folder);
  } finally {
    fs.closeSync(fd);
  }
}

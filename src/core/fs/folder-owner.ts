import fs from 'node:fs';
import path from 'node:path';

/** The owner of a folder, for files that root makes in it; null if the owner is root, or if we are not root. */
function ownerOf(folder: string): { uid: number; gid: number } | null {
  if (process.geteuid?.() !== 0) return null;
  const stat = fs.statSync(folder, { throwIfNoEntry: false });
  return stat === undefined || stat.uid === 0 ? null : stat;
}

/**
 * Gives a file that root has just made to the owner of its folder. Otherwise that user could neither read nor remove it, and one `sudo` would lock
 * the user out. It works on the descriptor, because the name may lead elsewhere by now. If the system refuses, the file stays root's.
 */
export function giveToFolderOwner(fd: number, folder: string): void {
  const owner = ownerOf(folder);
  if (owner === null) return;
  try {
    fs.fchownSync(fd, owner.uid, owner.gid);
  } catch {
    // The file system stores no owners, or the user namespace does not know this one.
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

/** Makes an empty file with the right owner, before a library makes it as root. Does nothing if the file exists, or if it would belong to this user anyway. */
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

import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const isWindows = process.platform === 'win32';
const STICKY = 0o1000;

/** Whether nobody else can put another folder in the place of one of the parents: a shared parent has to be sticky, as /tmp is. */
function hasSafeParents(folder: string): boolean {
  const parent = path.dirname(folder);
  const { uid, mode } = fs.lstatSync(parent);
  const isOurs = uid === process.getuid?.() || uid === 0;
  const isShared = (mode & 0o022) !== 0 && (mode & STICKY) === 0;
  return isOurs && !isShared && (parent === folder || hasSafeParents(parent));
}

/** Makes the folder and says whether it is ours alone, mode 0700. On Windows the parent's ACL already is per user. */
function isPrivateFolder(folder: string): boolean {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stat = fs.lstatSync(folder);
  if (!stat.isDirectory()) return false;
  if (isWindows) return true;
  if (stat.uid !== process.getuid?.()) return false;
  if ((stat.mode & 0o077) !== 0) fs.chmodSync(folder, 0o700);
  return hasSafeParents(fs.realpathSync(folder));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Whether the file is a plain file of ours, writable by nobody else, with exactly these bytes. */
function holds(file: string, bytes: Uint8Array, hash: string): boolean {
  let fd: number;
  try {
    fd = fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0));
  } catch {
    return false;
  }
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile() || stat.size !== bytes.byteLength) return false;
    if (!isWindows && (stat.uid !== process.getuid?.() || (stat.mode & 0o022) !== 0)) return false;
    return sha256(fs.readFileSync(fd)) === hash;
  } finally {
    fs.closeSync(fd);
  }
}

function writeNew(file: string, bytes: Uint8Array): void {
  const fd = fs.openSync(file, 'wx', 0o500);
  try {
    fs.writeFileSync(fd, bytes);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Puts the bytes into a private folder under a name made of their hash, once, and returns the path; undefined if the
 * folder is not private or if what is there is not exactly these bytes. Code from a file that
 * somebody else put there could take over the process, so a file is used only after it was checked.
 */
export function keepPrivateCopy(folder: string, name: string, bytes: Uint8Array): string | undefined {
  if (!isPrivateFolder(folder)) return undefined;
  const hash = sha256(bytes);
  const file = path.join(folder, `${hash.slice(0, 32)}-${name}`);
  if (holds(file, bytes, hash)) return file;
  const temporary = `${file}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeNew(temporary, bytes);
    fs.renameSync(temporary, file);
  } catch {
    // On Windows the target may be in use by another process: then it is checked below like any other.
    fs.rmSync(temporary, { force: true });
  }
  return holds(file, bytes, hash) ? file : undefined;
}

/** Throws if there is none: an empty HOME would mean the working folder, and that may be anybody's. */
function homeFolder(): string {
  const home = os.homedir();
  if (!path.isAbsolute(home)) throw new Error(`the home folder "${home}" is not an absolute path`);
  return home;
}

/** The per-user cache folder of native addons. Throws if the user has no home. */
export function addonCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (isWindows) {
    return path.join(env['LOCALAPPDATA'] ?? path.join(homeFolder(), 'AppData', 'Local'), 'migbackup', 'native');
  }
  if (process.platform === 'darwin') return path.join(homeFolder(), 'Library', 'Caches', 'migbackup', 'native');
  const xdg = env['XDG_CACHE_HOME'];
  return path.join(xdg && path.isAbsolute(xdg) ? xdg : path.join(homeFolder(), '.cache'), 'migbackup', 'native');
}

import fs from 'node:fs';
import path from 'node:path';
import { deviceName } from './devices.ts';

/** Files that processes may write to through memory, as far as this user may see: by inode, and device or name. */
export class MappedFiles {
  /** When the files were looked for, in milliseconds since the epoch. */
  readonly since: number;
  readonly #inodes: ReadonlySet<number>;
  readonly #keys: ReadonlySet<string>;

  /** @param maps the content of `/proc/PID/maps` for each process */
  constructor(since: number, maps: readonly string[] = []) {
    this.since = since;
    const inodes = new Set<number>();
    const keys = new Set<string>();
    for (const line of maps.flatMap((text) => text.match(SHARED_AND_WRITABLE) ?? [])) {
      const [, , , device = '', inode = '', ...name] = line.split(/ +/);
      inodes.add(Number(inode));
      keys.add(`${inode} ${device}`).add(`${inode} ${path.basename(name.join(' '))}`);
    }
    this.#inodes = inodes;
    this.#keys = keys;
  }

  /** A cheap first check: if it is false, the file is not mapped. */
  mayHold(inode: number): boolean {
    return this.#inodes.has(inode);
  }

  /** On some file systems (btrfs, overlayfs) the map shows another device than stat does. There the name decides. */
  holds(file: string, { ino, dev }: fs.BigIntStats): boolean {
    if (!this.mayHold(Number(ino))) return false;
    return this.#keys.has(`${ino} ${deviceName(dev)}`) || this.#keys.has(`${ino} ${path.basename(file)}`);
  }
}

/** Matches maps that are writable and shared. What is written to them reaches the file, at any time and without a system call. */
const SHARED_AND_WRITABLE = /^\S+ .w.s .*\/.*$/gm;

/** Looks through all other processes (only Linux can tell). A process that this user may not look into is ignored. */
export function findMappedFiles(): MappedFiles {
  const since = Date.now();
  if (process.platform !== 'linux') return new MappedFiles(since);
  const room = Buffer.allocUnsafe(MAP_BYTES);
  const others = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return new MappedFiles(
    since,
    others.flatMap((id) => readMap(id, room)),
  );
}

/** The buffer for one read, which returns about 4 KiB of whole lines. */
const MAP_BYTES = 1 << 16;

/** The parts of a process's map that may name such a file. The process may have ended, or belong to another user. */
function readMap(id: string, room: Buffer): string[] {
  const parts: string[] = [];
  let fd: number | undefined;
  try {
    fd = fs.openSync(`/proc/${id}/maps`, 'r');
    for (let read = fs.readSync(fd, room); read > 0; read = fs.readSync(fd, room)) {
      const part = room.subarray(0, read);
      if (part.includes('w-s ') || part.includes('wxs ')) parts.push(part.toString('utf8'));
    }
  } catch {
    return parts;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
  return parts;
}

/**
 * File systems on which, after a sync, the next write through memory changes the file's times: ext4, XFS, btrfs, F2FS, and overlayfs above them
 * (Linux `magic.h`).
 */
const SHOWS_WRITES: readonly number[] = [0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x794c7630];

/** Whether there is a way to detect writes through memory. On tmpfs there is no way. */
export function showsMappedWrites(file: string): boolean {
  try {
    return SHOWS_WRITES.includes(fs.statfsSync(file).type);
  } catch {
    return false;
  }
}

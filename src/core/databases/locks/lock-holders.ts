import fs from 'node:fs';
import { deviceName } from '../../fs/devices.ts';
import type { FileIdentity } from '../../fs/open-files.ts';

/** `1: POSIX  ADVISORY  WRITE 4711 08:01:131073 0 EOF`; the process is -1 where the lock is a descriptor's. */
const LINE = /(\w+)\s+\w+\s+\w+\s+(-?\d+)\s+([0-9a-f]+:[0-9a-f]+):(\d+)\s/;
/** Locks that keep an fcntl lock out; one of flock(2) does not. */
const FCNTL = new Set(['POSIX', 'OFDLCK']);

export interface LockHolders {
  readonly locked: boolean;
  /** One of them is an fcntl lock on this very file: where files have other devices than their file system, a line may be another's of the same number. */
  readonly certain: boolean;
  /** Processes with a lock, as far as the system names them. */
  readonly pids: number[];
}

/**
 * Who has a lock of any kind on a file, from /proc/locks, which every user can read; null if it cannot be read. It does not list the locks of other
 * PID namespaces or other machines.
 */
export function lockHolders(file: FileIdentity): LockHolders | null {
  let text: string;
  try {
    text = fs.readFileSync('/proc/locks', 'latin1');
  } catch {
    return null;
  }
  const device = deviceName(file.dev);
  const pids = new Set<number>();
  let locked = false;
  let certain = false;
  for (const line of text.split('\n')) {
    const [, kind = '', pid = '', on = '', inode = ''] = LINE.exec(line) ?? [];
    if (inode !== String(file.ino) || (on !== device && !hasOtherDevices(on))) continue;
    locked = true;
    certain ||= on === device && FCNTL.has(kind);
    if (Number(pid) > 0) pids.add(Number(pid));
  }
  return { locked, certain, pids: [...pids] };
}

/** Whether files on this device can have other device numbers than their file system, as in btrfs and overlays. */
function hasOtherDevices(device: string): boolean {
  const [major, minor] = device.split(':').map((part) => Number.parseInt(part, 16));
  try {
    const mounts = fs.readFileSync('/proc/self/mountinfo', 'latin1');
    return new RegExp(`^\\d+ \\d+ ${major}:${minor} .* - (?:btrfs|overlay) `, 'm').test(mounts);
  } catch {
    return false;
  }
}

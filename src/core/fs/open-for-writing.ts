import fs from 'node:fs';
import type { FileIdentity } from './open-files.ts';

/** Access modes of open(2), in the octal flags of `/proc/PID/fdinfo/N`. */
const ACCESS = 0o3;

/** Whether a process has a descriptor with which it may write to a file (Linux). True if that cannot be found out. */
export function mayWrite(pid: number, { dev, ino }: FileIdentity): boolean {
  try {
    return fs.readdirSync(`/proc/${pid}/fd`).some((name) => {
      const open = fs.statSync(`/proc/${pid}/fd/${name}`, { bigint: true, throwIfNoEntry: false });
      if (open?.ino !== ino || open.dev !== dev) return false;
      const info = fs.readFileSync(`/proc/${pid}/fdinfo/${name}`, 'latin1');
      return (Number.parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? '2', 8) & ACCESS) !== 0;
    });
  } catch (error) {
    // The process has ended meanwhile.
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code !== 'ENOENT' && code !== 'ESRCH';
  }
}

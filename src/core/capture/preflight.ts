import fs from 'node:fs';
import path from 'node:path';
import type { BackupKind } from '../format/id.ts';
import { freeSpace } from '../fs/space.ts';
import { PROBE_PREFIX } from '../format/layout.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import { BACKUP_INODES, estimateSpace } from '../checks/preflight/repository.ts';

/**
 * Proves that the repository can be written (a file is made and removed) and has enough space, before any source is read.
 * Throws REPOSITORY_UNWRITABLE or NO_SPACE with the measured figures.
 */
export function checkRepository(repository: string, bytes: number, entries: number, kind: BackupKind): void {
  const probe = path.join(repository, `${PROBE_PREFIX}${process.pid}-${Date.now()}`);
  try {
    fs.writeFileSync(probe, '', { flag: 'wx', mode: 0o600 });
    fs.rmSync(probe);
  } catch (cause) {
    const code = errnoOf(cause);
    throw new BackupError(
      code === 'ENOSPC' ? 'NO_SPACE' : 'REPOSITORY_UNWRITABLE',
      `the backups folder cannot be written: ${repository} (${code ?? String(cause)})`,
      {
        // A restore also looks for its backup where --backups points, so it has to name the backup by its path then.
        hint:
          kind === 'migration'
            ? 'Make it writable, or choose another with --backups DIR.'
            : 'Make it writable. Or restore the backup by the path of its folder, and put the safety backup elsewhere with --backups DIR.',
        path: repository,
        cause,
      },
    );
  }
  const free = freeSpace(repository);
  const need = estimateSpace(bytes, entries).least;
  if (free.bytes < need) {
    throw new BackupError(
      'NO_SPACE',
      `not enough space for the backup: ${free.bytes} bytes are free in ${repository}, at least ${need} are needed`,
      {
        hint: 'Free some space, remove old backups, or choose another place with --backups DIR.',
        path: repository,
        details: { freeBytes: Number(free.bytes), neededBytes: Number(need) },
      },
    );
  }
  if (free.inodes !== null && free.inodes < BACKUP_INODES) {
    throw new BackupError(
      'NO_SPACE',
      `not enough inodes for the backup: ${free.inodes} are free in ${repository}, ${BACKUP_INODES} may be needed`,
      {
        hint: 'Remove files on that file system, or choose another place with --backups DIR.',
        path: repository,
      },
    );
  }
}

import fs from 'node:fs';
import { BackupError } from '../model/backup-error.ts';
import { escapeName } from '../paths/names.ts';
import type { ExportedMember } from './exported-member.ts';

export type ExportFormat = 'zip' | 'tar';

/** What an exported file is, by its content; NO_SUCH_BACKUP if it is neither. */
export function detectFormat(file: string): ExportFormat {
  if (!fs.statSync(file).isFile()) throw noExport(file);
  const start = Buffer.alloc(512);
  const fd = fs.openSync(file, 'r');
  try {
    fs.readSync(fd, start, 0, start.length, 0);
  } finally {
    fs.closeSync(fd);
  }
  if (start.readUInt32LE(0) === 0x0403_4b50) return 'zip';
  if (start.toString('latin1', 257, 262) === 'ustar') return 'tar';
  throw noExport(file);
}

function noExport(file: string): BackupError {
  return new BackupError('NO_SUCH_BACKUP', `${escapeName(file)} is not an exported backup`, {
    hint: 'Give an id, a backup folder, or a .zip or .tar made by migbackup export.',
    path: file,
  });
}

/** The members of an exported file, whatever its format. */
export async function* readMembers(file: string, format: ExportFormat): AsyncGenerator<ExportedMember> {
  // Loaded only here: most commands never open an exported file.
  if (format === 'zip') yield* (await import('./zip-members.ts')).readZipMembers(file);
  else yield* (await import('./tar-members.ts')).readTarMembers(file);
}

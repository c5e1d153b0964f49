import { BackupError } from '../model/backup-error.ts';
import { escapeName } from '../paths/names.ts';

/** One file or folder in an exported file; `content` must be read to its end before the next member is asked for. */
export interface ExportedMember {
  readonly name: string;
  readonly isFolder: boolean;
  /** Bytes of the content. */
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/** The file is not what an intact export looks like. */
export function damagedExport(file: string, what: string, cause?: unknown): BackupError {
  return new BackupError('BACKUP_DAMAGED', `${escapeName(file)}: ${escapeName(what)}`, {
    hint: 'Export the backup again, or fetch the file again if it was downloaded.',
    path: file,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The file holds what no export of ours holds. */
export function unsafeExport(file: string, what: string): BackupError {
  return new BackupError('UNSAFE_ARCHIVE', `${escapeName(file)} is refused: ${escapeName(what)}`, {
    hint: 'It was not made by migbackup export. Nothing of it was kept; do not trust it.',
    path: file,
  });
}

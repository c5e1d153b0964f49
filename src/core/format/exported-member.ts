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

/** An export that somebody packed or changed in a way that migbackup export never does: `what` is the rule. */
export function unsafeExport(file: string, what: string): BackupError {
  return refused(
    file,
    what,
    'migbackup export does not pack this way. If you packed it yourself, unpack it and give the folder of the backup in its place; otherwise do not trust it. Nothing of it was kept.',
  );
}

/** It is no export, and nothing else is said of it: what would be wrong in an export means nothing here. */
export function noExport(file: string): BackupError {
  return refused(
    file,
    'this is not a migbackup export',
    'Give an id, the folder of a backup, or a .zip or .tar that migbackup export wrote. If a backup is packed in it in another way, unpack it and give the folder of that backup.',
  );
}

function refused(file: string, what: string, hint: string): BackupError {
  return new BackupError('UNSAFE_ARCHIVE', `${escapeName(file)} is refused: ${escapeName(what)}`, { hint, path: file });
}

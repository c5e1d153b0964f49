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

/** The error for a file that does not look like an intact export. */
export function damagedExport(file: string, what: string, cause?: unknown): BackupError {
  return new BackupError('BACKUP_DAMAGED', `${escapeName(file)}: ${escapeName(what)}`, {
    hint: 'Export the backup again, or fetch the file again if it was downloaded.',
    path: file,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The error for an export that was packed or changed in a way that migbackup export never does. `what` names the rule that it breaks. */
export function unsafeExport(file: string, what: string): BackupError {
  return refused(
    file,
    what,
    'If you packed it yourself, unpack it and give the folder of the backup instead. Otherwise do not trust it: migbackup export does not pack this way. Nothing of it was kept.',
  );
}

/** The error for a file that is not an export. It says nothing else about the file, because what is damage in an export means nothing here. */
export function noExport(file: string): BackupError {
  return refused(
    file,
    'this is not a migbackup export',
    'Give an id, the folder of a backup, or a .zip or .tar that migbackup export wrote. If it holds a backup that was packed in another way (compressed, or with a folder around it), unpack it and give the folder of that backup.',
  );
}

function refused(file: string, what: string, hint: string): BackupError {
  return new BackupError('UNSAFE_ARCHIVE', `${escapeName(file)} is refused: ${escapeName(what)}`, { hint, path: file });
}

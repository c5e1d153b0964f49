import type { ErrorCode } from './backup-error.ts';

/** When a command ends with an error of this code, in one sentence. A run does not need it: docs/cli-json.md is made from it. */
export const ERROR_MEANINGS: Readonly<Record<ErrorCode, string>> = {
  INTERNAL: 'A bug in migbackup ended the command.',
  USAGE: 'The command line is wrong, or it asks for something that is not possible.',
  CONFIG_INVALID: 'The config file is not valid, or the backups folder cannot be in the given place.',
  CONFIG_CONFLICT: 'Two sources take the same files, or a source and the backups folder overlap.',
  UNKNOWN_CATEGORY: 'A term of --only names no category, no source and nothing else that is backed up.',
  NOTHING_SELECTED: 'The selection matches nothing in the backup.',
  NOTHING_TO_BACK_UP: 'The project, or a category that was named, holds nothing to back up.',
  AMBIGUOUS_BACKUP: 'The given name matches several backups.',
  NO_SUCH_REMOTE: 'No remote has the given name, or what stands at its URL is not set up as a remote.',
  BACKUP_DAMAGED: 'The backup, or the selected part of it, is damaged.',
  POST_CHECK_FAILED: 'What a restore had written differed from the backup, so it was taken back.',
  SOURCE_CHANGED: 'A file or folder changed or vanished while it was being read.',
  SOURCE_UNREADABLE: 'A file or folder of the project cannot be read.',
  SOURCE_MISSING: 'A required source does not exist.',
  SOURCE_NAME: 'A name, or the target of a link, cannot be stored.',
  DATABASE_DAMAGED: 'A database is damaged.',
  DATABASE_BUSY: 'A LevelDB database changed so fast that no consistent state of it could be captured.',
  DATABASE_FOREIGN:
    'A folder looks like a LevelDB database but is a different one, or a database is inside another one.',
  PROOF_FAILED: 'A new backup or file did not verify, so it was removed.',
  REPOSITORY_UNWRITABLE: 'The repository cannot be made or cannot be written.',
  NO_SPACE: 'There is not enough free space, or there are not enough free inodes.',
  IO: 'The system refused to read or write something.',
  FORMAT_UNSUPPORTED: 'The backup has a format that only a newer migbackup can read.',
  REMOTE_UNREACHABLE: 'The remote does not answer, or its answers break off.',
  REMOTE_DENIED:
    'The remote refuses the credentials, or they lack a right that the message names, or there are none, or the clock is wrong.',
  REMOTE_FAILED: 'The remote answers with another error, or stored something else than it was sent.',
  KEY_UNUSABLE: 'A key cannot be read or used, or other users may read it, or the program that uses it fails.',
  CONFIRMATION_REQUIRED: 'The change has to be confirmed but was not.',
  PLAN_CHANGED: 'The plan is no longer the one that was approved.',
  OTHER_PROJECT:
    'The backup is of another project, or does not say of which, and a restore of it would change this one.',
  UNSAFE_TARGET:
    'A change here is not safe: for example, there is a link or a mount point, or a restore is unfinished.',
  UNSAFE_ARCHIVE:
    'The backup holds something that is refused (for example a link out of the project, or a path that is in none of its sources), or the given file is not a migbackup export.',
  TARGET_NOT_EMPTY:
    'The file that an export, report --in-toto or key new should write exists, or the folder of restore --to is not empty.',
  TARGET_CHANGED: 'Something else changed a file while a restore was running.',
  TRANSACTION_UNREADABLE: 'The journal of an unfinished restore cannot be read or cannot be trusted.',
  SIGNATURE_REFUSED:
    'A signature is required, and nobody who may sign has signed the backup, or the config that says who may is lost.',
  COPY_NOT_ENCRYPTED: 'The config has copies in a remote encrypted, and this one is not.',
  KEY_MISSING: 'The copy or export is encrypted, and no key was given that opens it.',
  ROLLBACK_FAILED: 'The operation failed, and what it had changed could not be taken back.',
  WAY_BACK_FAILED: 'A guarded command ended, but what has to follow it failed.',
  NO_SUCH_BACKUP: 'There is no backup with the given name.',
  NO_SUCH_DATABASE: 'There is no database at the given path, or the backup has no database with the given name.',
  NO_SUCH_RECORD: 'The database has no record with the given key, or no table with the given name.',
  NOTHING_TO_UNDO: 'The log has no operation that undo could take back.',
  LOCKED: 'Another migbackup holds a lock that the command needs, or a guarded command is at work.',
  DATABASE_HELD: 'A process uses a database that would be replaced, or it is not known whether one does.',
  INTERRUPTED: 'A signal (SIGINT, SIGTERM or SIGHUP) ended the command.',
};

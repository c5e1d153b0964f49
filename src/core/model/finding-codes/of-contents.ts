import type { FindingFacts } from './finding-facts.ts';

/** What create finds about what a backup holds, by subject. */
export const OF_CONTENTS = {
  'What a backup holds, and what it leaves out': {
    'left-out': {
      severity: ['warning'],
      meaning: 'Something could not be stored as it is, and --allow-partial left it out.',
      advice: 'Remove the cause that the message names, then take the backup again.',
    },
    'state-gone': {
      severity: ['warning'],
      meaning:
        'An earlier complete backup has something that is no longer in the project, so the new backup does not have it.',
      advice:
        'If it was lost, run the line in the recommendation to bring it back; if it may be gone, run migbackup create --accept-gone.',
    },
    'state-not-compared': {
      severity: ['warning'],
      meaning:
        'An earlier backup could not be read, so it is not known whether the project still has everything that is in it.',
      advice: 'Do what the recommendation says about the missing right or the damaged backup, then run validate.',
    },
    'gone-accepted': {
      severity: ['info'],
      meaning: 'Something that an earlier backup has, but not the project, was accepted as gone with --accept-gone.',
      advice: 'There is nothing to do: it can be brought back from the earlier backup as long as that is kept.',
    },
    'clock-behind': {
      severity: ['warning'],
      meaning:
        'The clock is behind the time of a backup of this project, so the new backup has the time right after that one.',
      advice: 'Set the clock; if it is right, it was ahead when the other backup was made.',
    },
    'taken-while-guarded': {
      severity: ['warning'],
      meaning: 'A backup was taken while a guarded command was at work, so it holds a half-changed state.',
      advice: 'Take another one once the command has ended: this one counts as partial, and latest does not choose it.',
    },
    'taken-not-noted': {
      severity: ['warning'],
      meaning:
        'A backup was taken, but this could not be recorded in .migbackup: if the repository is missing later, validate and status cannot tell that it existed.',
      advice: 'Remove the cause that the message names, then take another backup.',
    },
    'git-cleanable': {
      severity: ['warning', 'info'],
      meaning:
        'Git does not track the backups, so git clean and git stash could remove them from the work tree; info if git ignores them, because then only git clean -x and git stash -a do.',
      advice: 'Keep backups outside of the work tree: the recommendation names a folder for --backups.',
    },
    coverage: {
      severity: ['warning', 'info'],
      meaning:
        'Something that looks like state is in no category, so no backup holds it, or a path cannot be looked into; info if git has all of it, unchanged, in a commit that a remote has.',
      advice:
        'Add it to a category, as the line in the recommendation does, or to "ignore" in migbackup.config.json if it can be lost.',
    },
    'secret-not-covered': {
      severity: ['warning', 'info'],
      meaning:
        'Something that may hold secrets is in no category; a warning if it is a key that nothing replaces, and no remote of git has it.',
      advice: 'Keep a copy somewhere safe yourself, then add it to "ignore" in migbackup.config.json.',
    },
    'secret-left-out': {
      severity: ['info'],
      meaning: 'The name of a file says that it may hold secrets, so it is left out.',
      advice: 'Keep it somewhere safe yourself, or set "includeSecrets" in migbackup.config.json.',
    },
    'secret-taken': {
      severity: ['info'],
      meaning: 'The name of a file says that it may hold secrets, but it is in the backup because of "includeSecrets".',
      advice: 'Keep the backup where only people who may know the secrets can read it.',
    },
    'special-file': {
      severity: ['warning'],
      meaning: 'A special file (fifo, socket or device) is left out.',
      advice: 'Make it again yourself after a restore if something needs it.',
    },
    'special-bits': {
      severity: ['info'],
      meaning: 'A file or folder is set-uid, set-gid or sticky, and a restore does not set these bits.',
      advice: 'Set them again yourself with chmod after a restore if they matter.',
    },
    'time-not-kept': {
      severity: ['info'],
      meaning:
        'The time of a file or folder is after 2262-04-11, or before 1970 with a fraction of a millisecond, and a restore cannot set that time exactly.',
      advice: 'Set its time again yourself with touch after a restore if it matters.',
    },
    'attributes-not-kept': {
      severity: ['info'],
      meaning: 'Files have ACLs, extended attributes, flags or hard links, which no backup keeps.',
      advice: 'Set them again yourself after a restore if they matter.',
    },
    'name-not-portable': {
      severity: ['info'],
      meaning:
        'Some other file system cannot hold a name, or treats it as the same as another name in the same folder.',
      advice: 'Restore on a file system like this one: a restore is refused if the file system cannot hold the name.',
    },
    'source-is-link': {
      severity: ['warning'],
      meaning: 'A source is a link: the link is stored, but not what it points to.',
      advice: 'Name the real folder in migbackup.config.json if the link points to state.',
    },
    'unsafe-link': {
      severity: ['warning'],
      meaning: 'A link leads out of the project.',
      advice: 'Restore it with --allow-unsafe-links, or make it a relative link inside the project.',
    },
    'invalid-json': {
      severity: ['warning'],
      meaning: 'A .json file does not parse; it is stored as it is.',
      advice: 'Correct it before something depends on it.',
    },
    'database-not-proven': {
      severity: ['warning'],
      meaning: 'A database was stored as plain files, so nothing is proven about it.',
      advice: 'Make sure that nothing was writing to it, and keep the original until you no longer need it.',
    },
    'database-orphans': {
      severity: ['info'],
      meaning: 'Files in the folder of a database belong to no state of it, so they are left out.',
      advice: 'There is nothing to do: the database is whole without them.',
    },
    'database-still-open': {
      severity: ['warning'],
      meaning:
        'A process still has a database file open that a restore replaced or moved away, and through it the process could write into the new database.',
      advice: 'Stop that process before it writes, then start it again.',
    },
    'database-foreign': {
      severity: ['warning'],
      meaning:
        'A database of an engine that migbackup cannot read (RocksDB, LMDB, Pebble, MDBX, PGlite and others) was stored as plain files and is not proven.',
      advice: 'Stop the program that uses it before you take a backup and before you restore it.',
    },
    'database-zeroed': {
      severity: ['warning'],
      meaning:
        'A file that should be a SQLite database, by its name or by the journal beside it, holds nothing but zeros.',
      advice: 'Find another copy of it, for example in an older backup: this one has lost its content.',
    },
    'database-none': {
      severity: ['warning'],
      meaning: 'A file has the name of a SQLite database, but its content is not one; it was stored as a plain file.',
      advice:
        'If it was a database, find another copy of it; if another program uses it, stop that program before you take a backup.',
    },
    'database-gone': {
      severity: ['warning'],
      meaning: 'There is a journal of a database, but the database file that it belongs to is gone.',
      advice: 'Find the database file before a program makes a new one in its place, which would remove the journal.',
    },
    'database-doubt': {
      severity: ['warning'],
      meaning: 'A database was captured, but something about the capture is uncertain; the message says what.',
      advice: 'Stop the program that uses the database, then take the backup again.',
    },
    'database-unsound': {
      severity: ['warning'],
      meaning: 'A database was captured as it is, but its own integrity check finds faults in it.',
      advice: 'Look at it with the tools of its engine before the migration; the backup holds it as it is.',
    },
    'database-partly-proven': {
      severity: ['warning'],
      meaning:
        'Parts of a database could not be counted, read or checked, for example because a collation of its application is missing; everything else in it was.',
      advice: 'Check with the application that owns the database that it can read what the message names.',
    },
    'file-not-proven': {
      severity: ['warning'],
      meaning:
        'A process may have written to a file through memory while it was read, and the file system (tmpfs) does not show that.',
      advice: 'Stop the process that has it open, then take the backup again.',
    },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, FindingFacts>>>>;

import type { FindingFacts } from './finding-facts.ts';

/** What operations find in a project and in a repository, by subject. */
export const OF_OPERATIONS = {
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
      severity: ['warning'],
      meaning: 'Git does not track the backups: git clean and git stash could remove them from the work tree.',
      advice: 'Keep backups outside of the work tree: the recommendation names a folder for --backups.',
    },
    'not-covered': {
      severity: ['warning'],
      meaning: 'Something that looks like state is in no category, so no backup holds it.',
      advice: 'Add it to a category in migbackup.config.json, or to "ignore" if it can be lost.',
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
  'A restore, an undo, a guarded command': {
    'config-gone': {
      severity: ['warning'],
      meaning: 'The config of the project is gone or cannot be read, but the backup that is being restored has it.',
      advice:
        'The backup is restored to the places that its config names; if --only leaves the config out, run the line in the recommendation to bring it back.',
    },
    'aside-kept': {
      severity: ['warning', 'info'],
      meaning:
        'What was replaced is kept: because no safety backup was made (info), or because it may not hold everything or a process may still write to what was replaced (warning).',
      advice: 'Look at what is kept there, and remove that folder when you no longer need it.',
    },
    'held-open': {
      severity: ['warning'],
      meaning: 'Other processes have files open for writing that a restore, an undo or a way back replaces.',
      advice: 'Stop them first, or restart them afterwards: what they write goes to the file that was replaced.',
    },
    'set-aside': {
      severity: ['warning', 'info'],
      meaning:
        'Another process wrote where a restore was at work: what it wrote was moved away and is kept, or the old part of a database that it changed is kept (warning); or it made only LOCK and LOG (info).',
      advice: 'Look at what is kept, and remove it when you no longer need it.',
    },
    'made-not-recorded': {
      severity: ['warning'],
      meaning:
        'It could not be recorded what a restore adds, so an undo leaves it where it is; or what a guarded command left, so an undo cannot tell it from later work.',
      advice:
        'Make the reports folder of the repository writable; after the undo of a restore, remove yourself what was added; before the undo of a guarded command, look at the plan.',
    },
    'owner-not-set': {
      severity: ['warning'],
      meaning: 'Root restored files that belonged to other users, and they belong to root now.',
      advice: 'Set their owners with chown, or restore with --owner next time.',
    },
    'guard-interrupted': {
      severity: ['warning'],
      meaning: 'A guard was killed, and what its command had changed until then is still there.',
      advice: 'Run migbackup undo to take it back, or migbackup recover to keep it.',
    },
    'logged-without-lock': {
      severity: ['warning'],
      meaning:
        'A guarded command was put in the operation log without the locks: another migbackup held one, or they could not be taken.',
      advice:
        'If another migbackup changes the project too, use migbackup restore ID --exact: undo takes back the last operation.',
    },
    'outside-not-seen': {
      severity: ['warning', 'info'],
      meaning:
        'A folder in no category cannot be looked into, so guard does not know what its command changed there: since the command (warning), or already before it (info).',
      advice: 'Look into the folder as a user who may: guard never brings back what is in no category.',
    },
    'changes-not-known': {
      severity: ['warning'],
      meaning: 'Guard cannot see what its command changed, so it names no change and keeps the result.',
      advice: 'Remove the cause that the message names, then run migbackup diff to see what was changed.',
    },
    'way-back-lost': {
      severity: ['warning'],
      meaning:
        'A guarded command succeeded, or its result was kept, and the backup from before it does not verify any more or is not in its place.',
      advice: 'Take a new backup with migbackup create; migbackup verify ID says what of the old one is whole.',
    },
    'still-running': {
      severity: ['warning'],
      meaning:
        'A process that began while a guarded command ran is still working in the project after the command failed (Linux); it is not known whether the command started it.',
      advice: 'Stop it if the command left it running, then look at the project with migbackup diff.',
    },
    'marker-kept': {
      severity: ['warning'],
      meaning: 'The marker that says that a command is being guarded cannot be removed.',
      advice: 'Remove the file that the finding names; otherwise the next command reports that this guard was killed.',
    },
  },
  'The repository and its records': {
    'report-not-written': {
      severity: ['warning'],
      meaning: 'The report of an operation could not be written.',
      advice:
        'Make the reports folder of the repository writable: reports are the evidence that a backup can be relied on.',
    },
    'log-not-written': {
      severity: ['warning'],
      meaning: 'The operation log could not be written.',
      advice:
        'Make the reports folder of the repository writable; the message says whether undo knows of the operation.',
    },
    'stale-work': {
      severity: ['info'],
      meaning: 'The work folder of a run is in the repository: the run is still going on, or it was killed.',
      advice: 'There is nothing to do: the next command that changes something removes it if no run is using it.',
    },
    'not-removed': {
      severity: ['warning'],
      meaning:
        'Something that an earlier run left, and that nobody needs any longer, cannot be removed or looked into.',
      advice: 'Run the line in the recommendation; until then, what is left only takes up space.',
    },
    'none-verifies': {
      severity: ['error'],
      meaning: 'No migration backup in the repository verifies, so prune removes nothing.',
      advice: 'Take a new one with migbackup create, then prune.',
    },
    'not-compared': {
      severity: ['warning'],
      meaning: 'Something in the project cannot be read or could not be stored, so diff cannot compare it.',
      advice: 'Remove the cause that the message names, then compare again.',
    },
  },
  'The setup of a project (init)': {
    'script-kept': {
      severity: ['warning'],
      meaning: 'An npm script with this name does something else, so init leaves it as it is.',
      advice: 'Set it to the line in the recommendation if it should be the one of migbackup.',
    },
    'left-alone': {
      severity: ['warning'],
      meaning: 'A file is missing or cannot be edited, so init left it as it is.',
      advice: 'Correct the file and run init again, or make the changes yourself.',
    },
    'not-installed': {
      severity: ['info'],
      meaning:
        'The project does not depend on migbackup, so its npm scripts work only where migbackup is installed globally.',
      advice: 'Run migbackup init --install, then install as usual.',
    },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, FindingFacts>>>>;

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
        'An earlier complete backup has something that is not in the project any more, so that the new backup does not have it.',
      advice:
        'If it was lost, the line that the recommendation gives brings it back; if it may be gone, migbackup create --accept-gone says so.',
    },
    'state-not-compared': {
      severity: ['warning'],
      meaning:
        'An earlier backup could not be read, so that it is not known whether the project still has all that stands in it.',
      advice: 'Do what the recommendation says (a right that is missing, a damaged backup), then run validate.',
    },
    'gone-accepted': {
      severity: ['info'],
      meaning: 'What an earlier backup has and the project has not was accepted with --accept-gone.',
      advice: 'Nothing has to be done: as long as the earlier backup is kept, it can be brought back from there.',
    },
    'clock-behind': {
      severity: ['warning'],
      meaning:
        'The clock is behind the time of a backup of this project, so that the new backup has the time right after that one.',
      advice: 'Set the clock; if it is right, the other backup was made while it was ahead.',
    },
    'taken-while-guarded': {
      severity: ['warning'],
      meaning: 'A backup was taken while a guarded command was at work, so that it holds a state half-way.',
      advice: 'Take another one once the command has ended: this one counts as partial, and latest passes it over.',
    },
    'taken-not-noted': {
      severity: ['warning'],
      meaning:
        'A backup was taken, but the note of it in .migbackup could not be written: if the repository is away later, validate and status cannot tell that it had been there.',
      advice: 'Remove the cause that the message names, then take another backup.',
    },
    'git-cleanable': {
      severity: ['warning'],
      meaning: 'Git does not track the backups: git clean and git stash could remove them from the work tree.',
      advice: 'Keep backups outside of the work tree: the recommendation names a folder for --backups.',
    },
    'not-covered': {
      severity: ['warning'],
      meaning: 'Something that looks like state is in no category, so that no backup holds it.',
      advice: 'Add it to a category in migbackup.config.json, or to "ignore" if it can be lost.',
    },
    'secret-left-out': {
      severity: ['info'],
      meaning: 'The name of a file says that it may hold secrets, and it is left out.',
      advice: 'Keep it somewhere safe yourself, or set "includeSecrets" in migbackup.config.json.',
    },
    'secret-taken': {
      severity: ['info'],
      meaning: 'The name of a file says that it may hold secrets, and it is in the backup, as "includeSecrets" asks.',
      advice: 'Keep the backup where only those who may know the secrets can read it.',
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
        'A file or folder was changed after 2262-04-11, or in a part of a millisecond before 1970, and no restore sets that time exactly.',
      advice: 'Set its time again yourself with touch after a restore if it matters.',
    },
    'attributes-not-kept': {
      severity: ['info'],
      meaning: 'Files have ACLs, extended attributes, flags or hard links, which no backup keeps.',
      advice: 'Set them again yourself after a restore if they matter.',
    },
    'name-not-portable': {
      severity: ['info'],
      meaning: 'Some other file system cannot hold a name, or takes it for another name in the same folder.',
      advice: 'Restore on a file system like this one: where the name cannot be held, a restore is refused.',
    },
    'source-is-link': {
      severity: ['warning'],
      meaning: 'A link stands where a source should be: the link is stored, and what it points to is not.',
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
      meaning: 'A database was stored as plain files, so that nothing is proven about it.',
      advice: 'Make sure that nothing was writing to it, and keep the original until you no longer need it.',
    },
    'database-orphans': {
      severity: ['info'],
      meaning: 'Files in the folder of a database belong to no state of it, and they are left out.',
      advice: 'There is nothing to do: the database is whole without them.',
    },
    'database-still-open': {
      severity: ['warning'],
      meaning:
        'A process still has a database file open that a restore replaced or moved away; it would write to the new one by way of it.',
      advice: 'End that process before it writes, then let it open the database anew.',
    },
    'database-foreign': {
      severity: ['warning'],
      meaning:
        'A database of an engine that is not read here (RocksDB, LMDB, Pebble, MDBX, PGlite and others) was stored as files, unproven.',
      advice: 'Stop what uses it before a backup is taken and before it is restored.',
    },
    'database-zeroed': {
      severity: ['warning'],
      meaning:
        'A file that should be a SQLite database, by its name or by the journal beside it, holds nothing but zeros.',
      advice: 'What it held is lost there: find another copy of it, for example in an older backup.',
    },
    'database-none': {
      severity: ['warning'],
      meaning: 'A file has the name of a SQLite database and is none by its content; it was stored as a file.',
      advice:
        'If it was a database, find another copy of it; if another program uses it, stop that before a backup is taken.',
    },
    'database-gone': {
      severity: ['warning'],
      meaning: 'The journal of a database lies there, and the database file that it belongs to is gone.',
      advice: 'Find the database file before anything opens a new one in its place: that removes the journal.',
    },
    'database-doubt': {
      severity: ['warning'],
      meaning: 'A database was captured, and something about that cannot be known for sure; the message says what.',
      advice: 'Stop what uses the database, then take the backup again.',
    },
    'database-unsound': {
      severity: ['warning'],
      meaning: 'A database was captured as it is, and its own check finds faults in it.',
      advice: 'Look at it with the tools of its engine before the migration; the backup holds it as it is.',
    },
    'database-partly-proven': {
      severity: ['warning'],
      meaning:
        'Parts of a database could not be counted, read or checked here, for example for want of a collation of its application; everything else in it was.',
      advice: 'See that what the message names can be read by the application that owns the database.',
    },
    'file-not-proven': {
      severity: ['warning'],
      meaning:
        'A process may write to a file through memory while it is read, and the file system does not show it (tmpfs).',
      advice: 'Stop the process that has it open, then take the backup again.',
    },
  },
  'A restore, an undo, a guarded command': {
    'config-gone': {
      severity: ['warning'],
      meaning:
        'The config of the project is gone or cannot be read, and a backup of this project that is restored has it.',
      advice:
        'What the backup holds goes where that config had it; where --only leaves the config out, the line that the recommendation gives brings it back.',
    },
    'aside-kept': {
      severity: ['warning', 'info'],
      meaning:
        'What was replaced is kept: no safety backup was made (info), or it may not hold all of it or a process may still write to it (warning).',
      advice: 'Look at what is kept there, and remove that folder when you no longer need it.',
    },
    'held-open': {
      severity: ['warning'],
      meaning: 'Other processes have files open for writing that a restore, an undo or a way back replaces.',
      advice: 'Stop them before, or start them anew afterwards: what they write goes to the file that was replaced.',
    },
    'set-aside': {
      severity: ['warning', 'info'],
      meaning:
        'Another process wrote where a restore was at work: what it wrote was moved away and is kept, or the old part of a database that it went on with is (warning); or it was nothing but LOCK and LOG (info).',
      advice: 'Look at what is kept, and remove it when you no longer need it.',
    },
    'made-not-recorded': {
      severity: ['warning'],
      meaning:
        'What a restore adds could not be recorded, so that an undo leaves it where it is; or what a guarded command left, so that an undo does not tell it from later work.',
      advice:
        'Make the reports folder of the repository writable; after the undo of a restore remove what was added yourself, and look at the plan before the undo of a guarded command.',
    },
    'owner-not-set': {
      severity: ['warning'],
      meaning: 'Files that belonged to other users were brought back by root, and they belong to root now.',
      advice: 'Set their owners with chown, or restore with --owner next time.',
    },
    'guard-interrupted': {
      severity: ['warning'],
      meaning: 'A guard was killed, and what its command has changed until then is still there.',
      advice: 'Run migbackup undo to take it back, or migbackup recover to keep it.',
    },
    'logged-without-lock': {
      severity: ['warning'],
      meaning:
        'A guarded command was put in the operation log without the locks: another migbackup held one, or they could not be taken.',
      advice:
        'If another migbackup changes the project too, use migbackup restore ID --exact: undo takes back what was last.',
    },
    'outside-not-seen': {
      severity: ['warning', 'info'],
      meaning:
        'A folder in no category cannot be looked into, so that guard does not know what its command changed there: after the command (warning), or before it already (info).',
      advice: 'Look into the folder yourself as a user who may; what is in no category never comes back.',
    },
    'changes-not-known': {
      severity: ['warning'],
      meaning:
        'What a guarded command changed cannot be looked at, so that guard names no change, and the result stays.',
      advice: 'Mend the cause that the message names, then run migbackup diff to see what was changed.',
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
        'A process that began while a guarded command ran, which then failed, still works in the project (Linux): nothing tells whether the command left it.',
      advice: 'Stop it if the command left it running, then look at the project with migbackup diff.',
    },
    'marker-kept': {
      severity: ['warning'],
      meaning: 'The note that a command is being guarded cannot be removed.',
      advice: 'Remove the file that the finding names: the next command takes this guard for one that was killed.',
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
      meaning: 'The work folder of a run lies in the repository: the run is under way, or it was killed.',
      advice: 'There is nothing to do: the next command that changes something removes it if no run is using it.',
    },
    'not-removed': {
      severity: ['warning'],
      meaning: 'Something that an earlier run left, and that nobody needs any more, cannot be removed or looked into.',
      advice: 'Run the line that the recommendation gives: until then it only takes room.',
    },
    'none-verifies': {
      severity: ['error'],
      meaning: 'No migration backup in the repository verifies, so that prune removes none.',
      advice: 'Take a new one with migbackup create, then prune.',
    },
    'not-compared': {
      severity: ['warning'],
      meaning: 'Something in the project cannot be read or could not be stored, so that diff cannot compare it.',
      advice: 'Remove the cause that the message names, then compare again.',
    },
  },
  'The setup of a project (init)': {
    'script-kept': {
      severity: ['warning'],
      meaning: 'An npm script with this name does something else, and it stays as it is.',
      advice: 'Set it to the line that the recommendation gives if it should be the one of migbackup.',
    },
    'left-alone': {
      severity: ['warning'],
      meaning: 'A file is missing or cannot be edited, so that init left it as it is.',
      advice: 'Correct the file and run init again, or make the changes yourself.',
    },
    'not-installed': {
      severity: ['info'],
      meaning:
        'The project does not depend on migbackup, so that its npm scripts work only where it is installed globally.',
      advice: 'Run migbackup init --install, then install as usual.',
    },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, FindingFacts>>>>;

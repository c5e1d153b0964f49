import type { FindingFacts } from './finding-facts.ts';

/** What operations find in a project and in a repository, by subject. */
export const OF_OPERATIONS = {
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
    'records-lost': {
      severity: ['error'],
      meaning:
        'Under --expect no-loss: a guarded command lost records of databases, or deployments on live chains, that no --allow-loss names, so it counts as failed.',
      advice:
        'Correct the command, or name what is meant to go with --allow-loss; migbackup db get BACKUP:DATABASE KEY and migbackup show BACKUP show what was lost.',
    },
    'loss-not-known': {
      severity: ['warning', 'error'],
      meaning:
        'A guarded command changed a database or a deployment registry that cannot be compared with the backup; under --expect no-loss that counts as a loss (error), unless --allow-loss names it.',
      advice: 'Look at it with the application that owns it, or name it with --allow-loss.',
    },
    'lost-not-restored': {
      severity: ['warning'],
      meaning:
        'Under --expect no-loss: what a guarded command lost is not brought back, because its result is kept, for example because it sent transactions to a chain.',
      advice: 'Run the line in the recommendation to have what was lost beside what the command left.',
    },
    'allowed-loss-unmatched': {
      severity: ['info'],
      meaning: 'What --allow-loss names is not among what is known to be lost.',
      advice:
        'Leave it out or correct it: it matches DATABASE/KEY or CHAIN/NAME as guard prints it, * stands for anything and \\* for a star.',
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
    'repository-missing': {
      severity: ['warning', 'error'],
      meaning:
        'The backups folder does not exist (warning) or is not a folder (error), so it is not known whether there are backups.',
      advice: 'Check --backups, MIGBACKUP_BACKUPS and whether its disk is mounted. migbackup create makes the folder.',
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
  'Accounting for records (reconcile)': {
    'rule-unmatched': {
      severity: ['warning'],
      meaning:
        'A rule for reconcile in migbackup.config.json matches nothing, or another number of records than it says, or is for a database that the backup does not hold.',
      advice: 'Correct or remove the rule: it says something that is not so.',
    },
    'database-unchanged': {
      severity: ['info'],
      meaning:
        'The database that is accounted for still holds exactly what it held when the backup was taken, so it is no part of the new state.',
      advice: 'If its records are meant to stay there, search it too with --in, or with "in" in its rules.',
    },
    'records-not-searched': {
      severity: ['warning'],
      meaning:
        'Nobody knows whether some records are in the new state: a file or database could not be read, there is more to search than step 3 takes, or the old database was stored as plain files and was not named.',
      advice: 'Repair or remove what cannot be read, or narrow the search with --in.',
    },
  },
  'Copies in remotes': {
    'copy-not-pushed': {
      severity: ['error'],
      meaning:
        'A backup could not be copied to a remote; the message says why, and what was sent stays for the next push.',
      advice: 'Do what the recommendation says, then push again.',
    },
    'copy-refused': {
      severity: ['error'],
      meaning: 'A commit in a remote cannot be believed, so it counts as no copy.',
      advice: 'Find out who wrote it, and push the backup again from where it is whole.',
    },
    'copies-differ': {
      severity: ['error', 'info'],
      meaning:
        'A remote has several copies of one backup, and they have different bytes; or some are encrypted, so that they cannot be compared (info).',
      advice: 'Look at each with --copy TAG (migbackup show, diff), and find out who pushed them.',
    },
    'copy-gone': {
      severity: ['error'],
      meaning: 'A copy that was pushed from this repository is not in the remote any more.',
      advice: 'Find out who removed it, and push the backup again.',
    },
    'copy-altered': {
      severity: ['error'],
      meaning: 'A remote has no such object as a copy consists of, or another one: its size, ETag or checksum differs.',
      advice: 'Use another copy, and push the backup again from where it is whole.',
    },
    'copy-not-locked': {
      severity: ['error', 'warning'],
      meaning:
        'An object of a copy does not have the lock that its commit states; or a copy was pushed before the config asked for a lock (a warning).',
      advice: 'Find out who took it away, and push the backup again, or lock the copy with push --extend-lock.',
    },
    'copy-without-signature': {
      severity: ['warning'],
      meaning:
        'A backup was pushed before it was signed: the signature is not in the copy, which counts as unsigned on other machines.',
      advice: 'Take a new backup with create --sign KEY --push.',
    },
    'remote-keeps-no-lock': {
      severity: ['error'],
      meaning: 'The config asks for a lock, and the remote did not keep one when it was tried.',
      advice: 'Use a bucket that was made with object lock, or take "lock" out of the config of the remote.',
    },
    'remote-can-lose-copies': {
      severity: ['warning'],
      meaning: 'With the credentials of this run, copies can be removed, or the locks on them can be ended early.',
      advice: 'Push with credentials that have no right to delete and none to bypass a lock.',
    },
    'remote-clock-differs': {
      severity: ['warning'],
      meaning: 'The clock of the remote and the one of this machine differ by a minute or more.',
      advice: 'Set the clock of this machine.',
    },
    'copy-locked': {
      severity: ['warning'],
      meaning: 'A copy that no rule keeps has a lock, so prune --remote did not remove it.',
      advice: 'Prune again when the lock has ended.',
    },
    'keys-not-drilled': {
      severity: ['warning'],
      meaning:
        'Copies in a remote are encrypted, and no key drill is on record that opened one for the keys that the config names now.',
      advice: 'Run migbackup key drill where a key is at hand: a key that was never tried may open nothing.',
    },
    'copy-not-proven': {
      severity: ['info'],
      meaning:
        'Only what the remote says of a copy was looked at, or whether its objects have the bytes that were pushed.',
      advice: 'Add --deep to fetch the copy and verify it as a backup.',
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

import type { FindingFacts } from './finding-facts.ts';

const USE_ANOTHER = 'Use another backup, and take a new one with migbackup create.';
const RESTORE_THE_REST =
  'Use another backup, or restore the categories that are whole with migbackup restore --only CATEGORY.';

/** What is wrong with a backup, by subject. */
export const OF_BACKUPS = {
  'The folder of a backup and its lists': {
    'manifest-damaged': {
      severity: ['error'],
      meaning: 'BACKUP_MANIFEST.json is missing, or it cannot be read as a manifest.',
      advice: USE_ANOTHER,
    },
    'manifest-contradicts': {
      severity: ['error', 'warning'],
      meaning:
        'The manifest contradicts itself or the name of its folder, or, in format version 1, the files (a warning).',
      advice: 'Use another backup; if it is a warning, do nothing, because in format version 1 SHA256SUMS decides.',
    },
    'artifact-list-wrong': {
      severity: ['error'],
      meaning:
        'ARTIFACTS.sha256 cannot be read, or it does not list exactly the files that the backup should consist of.',
      advice: USE_ANOTHER,
    },
    'artifact-missing': {
      severity: ['error'],
      meaning: 'A file of the backup is missing, or something that is not a regular file is in its place.',
      advice: RESTORE_THE_REST,
    },
    'artifact-foreign': {
      severity: ['error', 'warning'],
      meaning:
        'The folder of the backup contains something that does not belong to it (a warning if export leaves it out).',
      advice: 'Move it out of the folder: a backup is never changed after it was made.',
    },
    'artifact-altered': {
      severity: ['error'],
      meaning: 'A file of the backup was altered: its SHA-256 or its size differs from the stated one.',
      advice: RESTORE_THE_REST,
    },
    'index-damaged': {
      severity: ['error'],
      meaning: 'INDEX.ndjson.zst is damaged and cannot be read to its end.',
      advice: USE_ANOTHER,
    },
    'index-wrong': {
      severity: ['error'],
      meaning: 'An entry of the index has an unsafe path, is out of order, or belongs to no source of the backup.',
      advice: RESTORE_THE_REST,
    },
    'count-differs': {
      severity: ['error'],
      meaning: 'The manifest states a different number of files, folders, links or bytes from what the index holds.',
      advice: RESTORE_THE_REST,
    },
    'sums-differ': {
      severity: ['error'],
      meaning: 'SHA256SUMS does not list the same files with the same hashes as the index.',
      advice: USE_ANOTHER,
    },
  },
  'The archives of a backup': {
    'archive-missing': {
      severity: ['error'],
      meaning: 'The index lists files of a category whose archive is missing.',
      advice: RESTORE_THE_REST,
    },
    'archive-unreadable': {
      severity: ['error'],
      meaning: 'An archive is so damaged that no file in it can be read.',
      advice: RESTORE_THE_REST,
    },
    'archive-differs': {
      severity: ['error'],
      meaning: 'The size of an archive, or its number of frames, differs from what the manifest states.',
      advice: RESTORE_THE_REST,
    },
    'archive-truncated': {
      severity: ['error'],
      meaning: 'An archive ends before its last files.',
      advice: RESTORE_THE_REST,
    },
    'archive-tail': {
      severity: ['error'],
      meaning: 'The end of an archive is missing, or something follows the last file that the index lists.',
      advice: RESTORE_THE_REST,
    },
    'archive-gap': {
      severity: ['error'],
      meaning: 'A file in an archive does not begin where the one before it ends, or there is data in its padding.',
      advice: RESTORE_THE_REST,
    },
    'frame-damaged': {
      severity: ['error'],
      meaning: 'A frame of an archive cannot be unpacked, and the files in it are lost.',
      advice: RESTORE_THE_REST,
    },
    'header-altered': {
      severity: ['error'],
      meaning: 'The header of a file in an archive is damaged.',
      advice: RESTORE_THE_REST,
    },
    'header-differs': {
      severity: ['error'],
      meaning: 'The header of a file in an archive does not say what the index says, for example about the mode.',
      advice: RESTORE_THE_REST,
    },
    'file-altered': {
      severity: ['error'],
      meaning: 'The content of a file was altered: its SHA-256 differs from the stated one.',
      advice: RESTORE_THE_REST,
    },
    'database-differs': {
      severity: ['error'],
      meaning: 'A database in the backup cannot be read, or it is not the one that the manifest describes.',
      advice: RESTORE_THE_REST,
    },
  },
  'A rehearsal (verify --rehearse)': {
    'not-rehearsed': {
      severity: ['info'],
      meaning: 'The backup was not unpacked, because its verification had found errors.',
      advice: 'Look at these errors first: a backup that does not verify is not rehearsed.',
    },
    'rehearsal-failed': {
      severity: ['error'],
      meaning: 'The backup was damaged when it was unpacked, though its verification had found no error just before.',
      advice: 'Look for a fault in the disk or the memory of this machine, and verify the backup on another one.',
    },
    'json-differs': {
      severity: ['error'],
      meaning: 'A JSON file parsed when the backup was taken, and it does not parse now.',
      advice: USE_ANOTHER,
    },
    'database-not-opened': {
      severity: ['info'],
      meaning: 'LevelDB cannot read the format of a database, so only the reader of migbackup has checked it.',
      advice: 'There is nothing to do: every record was read and compared.',
    },
  },
  'Backups of format version 1': {
    'file-missing': {
      severity: ['error'],
      meaning: 'SHA256SUMS lists a file that is not in the backup.',
      advice: RESTORE_THE_REST,
    },
    'file-not-listed': {
      severity: ['warning'],
      meaning: 'A file in the backup is not listed in SHA256SUMS, so nothing proves its content.',
      advice: 'Look at the file before you rely on it.',
    },
    'file-unknown': {
      severity: ['warning'],
      meaning: 'A file is in no folder of this format, so a restore leaves it out.',
      advice: 'Copy it out of the backup yourself if you need it.',
    },
    'file-unusable': {
      severity: ['error'],
      meaning:
        'A file cannot be restored: it is a link or special file, cannot be read, or has a place that is not allowed.',
      advice:
        'Use another backup, or restore the sources that are whole with migbackup restore --only CATEGORY/SOURCE.',
    },
    'file-not-restored': {
      severity: ['info'],
      meaning: 'A file of the database carries no data, so a restore leaves it out.',
      advice: 'There is nothing to do: LevelDB makes it again.',
    },
    'files-collide': {
      severity: ['error', 'warning'],
      meaning:
        'Two different files came from one place, and only one can be restored (a warning if nothing proves the other).',
      advice: 'Compare the two, and copy the other one out of the backup yourself if you need it.',
    },
    'sums-contradict': {
      severity: ['error'],
      meaning: 'SHA256SUMS states two hashes for one file.',
      advice: USE_ANOTHER,
    },
    'sums-damaged': {
      severity: ['error'],
      meaning: 'SHA256SUMS cannot be read.',
      advice: USE_ANOTHER,
    },
    'sums-unsafe': {
      severity: ['error'],
      meaning: 'SHA256SUMS names a path that is not allowed, for example one that leads out of the backup.',
      advice: USE_ANOTHER,
    },
    'database-does-not-read': {
      severity: ['warning'],
      meaning: 'The database in the backup cannot be read, but its files can be restored.',
      advice: 'Use another backup, or repair the database after a restore.',
    },
  },
  Signatures: {
    'not-signed': {
      severity: ['error'],
      meaning: 'A new backup could not be signed; it is there all the same, and was not pushed.',
      advice: 'Do what the recommendation says; it ends with the line that signs the backup.',
    },
    'signature-missing': {
      severity: ['error'],
      meaning: 'A signature is required, and the backup is not signed.',
      advice: 'Sign it with migbackup sign, if you know that it is yours.',
    },
    'signature-invalid': {
      severity: ['error'],
      meaning:
        'The signature does not fit the backup, cannot be read, or is of a kind that is not supported, such as a certificate.',
      advice: USE_ANOTHER,
    },
    'signature-namespace': {
      severity: ['error'],
      meaning: 'The signature was made for something other than a backup.',
      advice: 'Sign the backup with migbackup sign.',
    },
    'signer-not-allowed': {
      severity: ['error'],
      meaning: 'The key that signed is not one that the allowed-signers file allows for the required principals.',
      advice: 'Add the key to the allowed-signers file, if you know whose it is.',
    },
    'signer-expired': {
      severity: ['error'],
      meaning: 'The allowed-signers file allows the key that signed only before or after today.',
      advice: 'Sign the backup again with a key that is valid now, if you know that it is yours.',
    },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, FindingFacts>>>>;

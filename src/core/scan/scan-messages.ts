import { escapeName } from '../paths/names.ts';
import { leadsOut } from '../paths/paths.ts';
import type { ForeignDatabase } from '../databases/others.ts';
import type { EngineName } from '../model/engine-name.ts';
import type { ErrorCode } from '../model/backup-error.ts';
import type { Finding } from '../model/finding.ts';

interface ProblemText {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

const STOP_WRITING = 'Stop what is writing there, then try again.';
const PERMISSIONS = 'Run as a user who may read it, or change its permissions.';

/** The problems of a scan: things that cannot be stored truthfully. */
export const PROBLEM = {
  missing: {
    code: 'SOURCE_MISSING',
    message: 'is required and does not exist',
    hint: 'Create it, or take "required" out of the config.',
  },
  vanished: { code: 'SOURCE_CHANGED', message: 'vanished while it was being read', hint: STOP_WRITING },
  restless: {
    code: 'SOURCE_CHANGED',
    message: 'changed every time it was listed, so something that was moved may be missing',
    hint: STOP_WRITING,
  },
  unlinked: { code: 'SOURCE_CHANGED', message: 'was a link and is no longer one', hint: STOP_WRITING },
  unlistable: { code: 'SOURCE_UNREADABLE', message: 'cannot be listed', hint: PERMISSIONS },
  unreadable: { code: 'SOURCE_UNREADABLE', message: 'cannot be examined', hint: PERMISSIONS },
  name: {
    code: 'SOURCE_NAME',
    message: 'cannot be stored',
    hint: 'Rename it, or exclude it in migbackup.config.json.',
  },
  nameBytes: {
    code: 'SOURCE_NAME',
    message: 'has a name that is not UTF-8',
    hint: 'Rename it: such a name cannot be stored truthfully.',
  },
  linkBytes: {
    code: 'SOURCE_NAME',
    message: 'is a link whose target is not UTF-8',
    hint: 'Replace the link by one whose target is UTF-8.',
  },
  nestedDatabase: {
    code: 'DATABASE_FOREIGN',
    message: 'is a database inside another database',
    hint: 'Move it out of the other database.',
  },
} as const satisfies Record<string, ProblemText>;

/** The config says that there is a database, and it lacks some of its parts. */
export function damagedDatabase(title: string): ProblemText {
  return {
    code: 'DATABASE_DAMAGED',
    message: `is a ${title} database with missing parts`,
    hint: 'To keep it as it is before a repair, run create with --raw and its path.',
  };
}

/** The config says that there is a database, and what is there is not one. */
export function notTheDatabase(title: string, foreign: ForeignDatabase | null): ProblemText {
  const other = foreign === null ? '' : `, but ${foreign.title}`;
  return {
    code: 'DATABASE_FOREIGN',
    message: `is not the ${title} database that the type of its source says${other}`,
    hint: 'Put the database there, or set "type": "files". With --raw and its path, create stores it as it is.',
  };
}

/** A file that was left out because its name says that it holds secrets. */
export function secretLeftOut(file: string): Finding {
  return {
    code: 'secret-left-out',
    severity: 'info',
    message: `${escapeName(file)} may hold secrets and is left out`,
    recommendation: file.includes('.s.sol/')
      ? 'Set "includeSecrets" to back it up: without it, forge script --resume will not work from this backup.'
      : 'Keep it somewhere safe yourself, or set "includeSecrets" in migbackup.config.json.',
  };
}

/** Such a file in a backup that includes secrets: whoever keeps the backup has to know. */
export function secretTaken(file: string): Finding {
  return {
    code: 'secret-taken',
    severity: 'info',
    message: `${escapeName(file)} may hold secrets and is in the backup`,
    recommendation: 'Keep the backup where only people who may know the secrets can read it.',
  };
}

/** A time that Node's utimes cannot set. */
export function timeNotKept(file: string): Finding {
  return {
    code: 'time-not-kept',
    severity: 'info',
    message: `${escapeName(file)} has a time of change that no restore sets exactly (after 2262-04-11, or before 1970 with a fraction of a millisecond)`,
    recommendation: 'If it matters, set its time yourself with touch after a restore.',
  };
}

/** Bits that a restore never sets, because a backup from elsewhere could give rights to somebody with them. */
export function specialBits(file: string): Finding {
  return {
    code: 'special-bits',
    severity: 'info',
    message: `${escapeName(file)} is set-uid, set-gid or sticky, which no restore sets`,
    recommendation: 'If they matter, set these bits yourself with chmod after a restore.',
  };
}

/** A name that some other file system cannot hold, or treats as the same as another name in its folder. */
export function notPortable(file: string, why: string): Finding {
  return {
    code: 'name-not-portable',
    severity: 'info',
    message: `${escapeName(file)} has ${why}`,
    recommendation:
      'A restore brings it back on a file system like this one. On one that cannot hold the name, it refuses before it changes anything.',
  };
}

export function specialFile(file: string): Finding {
  return {
    code: 'special-file',
    severity: 'warning',
    message: `${escapeName(file)} is a special file (fifo, socket or device) and is left out`,
    recommendation: 'If something depends on it, create it again after a restore.',
  };
}

/** A database was taken as the files it consists of, because the user asked or because a safety backup must take anything. */
export function databaseNotProven(file: string, engine?: EngineName): Finding {
  return {
    code: 'database-not-proven',
    severity: 'warning',
    message: `${escapeName(file)} was stored as plain files, so nothing is proven about the database in it`,
    ...(engine === undefined ? {} : { evidence: { engine } }),
    recommendation: 'Make sure that nothing was writing to it, and keep the original until you no longer need it.',
  };
}

/** A database of an engine that migbackup cannot read, or a file that should be a database but is not one. */
export function databaseForeign(file: string, { engine, title, stop, shouldBe, isZeroed }: ForeignDatabase): Finding {
  if (shouldBe !== undefined) return isZeroed === true ? databaseZeroed(file, shouldBe) : databaseNone(file, shouldBe);
  return {
    code: 'database-foreign',
    severity: 'warning',
    message: `${escapeName(file)} is ${title}: it is stored as files, and nothing is proven about it`,
    evidence: { engine },
    recommendation: `Stop ${stop} before a backup is taken and before it is restored.`,
  };
}

function databaseZeroed(file: string, shouldBe: string): Finding {
  return {
    code: 'database-zeroed',
    severity: 'warning',
    message: `${escapeName(file)} should be ${shouldBe}, but holds nothing but zeros: it is stored as a file`,
    recommendation: 'Find another copy of it, for example in an older backup: this one has lost what it held.',
  };
}

function databaseNone(file: string, shouldBe: string): Finding {
  return {
    code: 'database-none',
    severity: 'warning',
    message: `${escapeName(file)} has the name of ${shouldBe} but is not one: it is stored as a file`,
    recommendation:
      'If it was a database, find another copy of it. If a program uses it as a database of another kind, stop that program before a backup is taken.',
  };
}

/** A part of a database whose file is gone. It may hold what was committed last. */
export function databaseGone(database: string, part: string): Finding {
  return {
    code: 'database-gone',
    severity: 'warning',
    message: `${escapeName(part)} is what is left of a database whose file ${escapeName(database)} is gone or empty: it is stored as a file`,
    recommendation:
      'Find the database file before a program opens a new database in its place, because that deletes what is left.',
  };
}

/** A file that another process may write through mapped memory, on a file system whose times do not show that: what was stored may mix old and new bytes. */
export function fileNotProven(file: string): Finding {
  return {
    code: 'file-not-proven',
    severity: 'warning',
    message: `${escapeName(file)} can be written by another process through mapped memory, and this file system does not show when: it is stored, but not proven`,
    recommendation: 'Stop the process that has it open, then take the backup again.',
  };
}

/** There is a link where state should be. The state itself is somewhere else and not in the backup. */
export function sourceIsLink(file: string): Finding {
  return {
    code: 'source-is-link',
    severity: 'warning',
    message: `${escapeName(file)} is a link: the link is stored, but not what it points to`,
    recommendation: 'If it points to state, name the real folder in migbackup.config.json.',
  };
}

/** A finding about a link that leads out of the project, or null. A restore refuses such a link unless it is told to create it. */
export function unsafeLink(file: string, target: string): Finding | null {
  if (!leadsOut(file, target)) return null;
  return {
    code: 'unsafe-link',
    severity: 'warning',
    message: `${escapeName(file)} is a link that leads out of the project (${escapeName(target)})`,
    recommendation:
      'A restore creates it only with --allow-unsafe-links. A relative link that stays inside the project does not need that.',
  };
}

/** Adds to a finding which file of which source it is about. */
export function toFinding(found: Finding, file: string, category: string, source: string): Finding {
  return { ...found, path: file, category, source };
}

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

/** What a scan calls a problem: something that cannot be stored truthfully. */
export const PROBLEM = {
  missing: {
    code: 'SOURCE_MISSING',
    message: 'is required and does not exist',
    hint: 'Create it, or take "required" out of the config.',
  },
  vanished: { code: 'SOURCE_CHANGED', message: 'vanished while it was being read', hint: STOP_WRITING },
  restless: {
    code: 'SOURCE_CHANGED',
    message: 'changed every time it was listed, so that something which moved may be missing',
    hint: STOP_WRITING,
  },
  unlinked: { code: 'SOURCE_CHANGED', message: 'was a link and is no longer one', hint: STOP_WRITING },
  unlistable: { code: 'SOURCE_UNREADABLE', message: 'cannot be listed', hint: PERMISSIONS },
  unreadable: { code: 'SOURCE_UNREADABLE', message: 'cannot be looked at', hint: PERMISSIONS },
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
    hint: 'Make the link anew with a target that is UTF-8.',
  },
  nestedDatabase: {
    code: 'DATABASE_FOREIGN',
    message: 'is a database inside another database',
    hint: 'Move it out of the other database.',
  },
} as const satisfies Record<string, ProblemText>;

/** A database of which something is missing, where the config says that one is. */
export function damagedDatabase(title: string): ProblemText {
  return {
    code: 'DATABASE_DAMAGED',
    message: `is a ${title} database of which parts are missing`,
    hint: 'To keep it as it is before a repair, run create with --raw and its path.',
  };
}

/** The config says that something is a database, and it is not. */
export function notTheDatabase(title: string, foreign: ForeignDatabase | null): ProblemText {
  const other = foreign === null ? '' : `, but ${foreign.title}`;
  return {
    code: 'DATABASE_FOREIGN',
    message: `is not the ${title} database that the type of its source says${other}`,
    hint: 'Put the database there, or set "type": "files"; --raw with its path stores it as it is.',
  };
}

/** A file that was left out because its name says that it holds secrets. */
export function secretLeftOut(file: string): Finding {
  return {
    code: 'secret-left-out',
    severity: 'info',
    message: `${escapeName(file)} may hold secrets and is left out`,
    recommendation: file.includes('.s.sol/')
      ? 'forge script --resume will not work from this backup; set "includeSecrets" to take it along.'
      : 'Keep it somewhere safe yourself, or set "includeSecrets" in migbackup.config.json.',
  };
}

/** The same file where secrets are taken along: whoever keeps the backup has to know. */
export function secretTaken(file: string): Finding {
  return {
    code: 'secret-taken',
    severity: 'info',
    message: `${escapeName(file)} may hold secrets and is in the backup`,
    recommendation: 'Keep the backup where only those who may know them can read it.',
  };
}

/** What utimes cannot set, as Node offers it. */
export function timeNotKept(file: string): Finding {
  return {
    code: 'time-not-kept',
    severity: 'info',
    message: `${escapeName(file)} was changed at a time that no restore sets exactly (after 2262-04-11, or in a part of a millisecond before 1970)`,
    recommendation: 'Set its time again yourself (touch) after a restore, if it matters.',
  };
}

/** Bits that a restore never sets: a backup from elsewhere could hand out rights with them. */
export function specialBits(file: string): Finding {
  return {
    code: 'special-bits',
    severity: 'info',
    message: `${escapeName(file)} is set-uid, set-gid or sticky, which no restore sets`,
    recommendation: 'Set these bits again yourself (chmod) after a restore, if they matter.',
  };
}

/** A name that some other file system cannot hold, or takes for another one in the same folder. */
export function notPortable(file: string, why: string): Finding {
  return {
    code: 'name-not-portable',
    severity: 'info',
    message: `${escapeName(file)} has ${why}`,
    recommendation:
      'It comes back on a file system like this one; where it cannot be held, a restore refuses before it changes anything.',
  };
}

export function specialFile(file: string): Finding {
  return {
    code: 'special-file',
    severity: 'warning',
    message: `${escapeName(file)} is a special file (fifo, socket or device) and is left out`,
    recommendation: 'Nothing to do unless something depends on it: make it anew after a restore.',
  };
}

/** A database was taken as the files it consists of, because the user asked or because a safety backup must take anything. */
export function databaseNotProven(file: string, engine?: EngineName): Finding {
  return {
    code: 'database-not-proven',
    severity: 'warning',
    message: `${escapeName(file)} was stored as plain files: nothing is proven about the database in it`,
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
    message: `${escapeName(file)} is ${title}: stored as files, proven by nobody`,
    evidence: { engine },
    recommendation: `Stop ${stop} before a backup is taken and before it is restored.`,
  };
}

function databaseZeroed(file: string, shouldBe: string): Finding {
  return {
    code: 'database-zeroed',
    severity: 'warning',
    message: `${escapeName(file)} should be ${shouldBe} and holds nothing but zeros: stored as a file`,
    recommendation: 'What it held is lost here. Find another copy of it, for example in an older backup.',
  };
}

function databaseNone(file: string, shouldBe: string): Finding {
  return {
    code: 'database-none',
    severity: 'warning',
    message: `${escapeName(file)} has the name of ${shouldBe} but is not one: stored as a file`,
    recommendation:
      'If it was one, find another copy of it. If it belongs to a program with a database of its own, stop that before a backup is taken.',
  };
}

/** What stands beside a database file, whose file itself is gone: it may hold what was committed last. */
export function databaseGone(database: string, part: string): Finding {
  return {
    code: 'database-gone',
    severity: 'warning',
    message: `${escapeName(part)} is what is left of a database whose file ${escapeName(database)} is gone or empty: stored as a file`,
    recommendation: 'Find the database file before anything opens a new one in its place: that removes what is left.',
  };
}

/** A file that another process writes to through memory, where that shows in no time: what was stored may be a mix. */
export function fileNotProven(file: string): Finding {
  return {
    code: 'file-not-proven',
    severity: 'warning',
    message: `${escapeName(file)} can be written to through memory by another process, and this file system does not show when: stored, not proven`,
    recommendation: 'Stop what has it open, and take the backup again.',
  };
}

/** A link stands where state should be: the state itself is somewhere else and not in the backup. */
export function sourceIsLink(file: string): Finding {
  return {
    code: 'source-is-link',
    severity: 'warning',
    message: `${escapeName(file)} is a link: the link is stored, what it points to is not`,
    recommendation: 'If it points to state, name the real folder in migbackup.config.json.',
  };
}

/** What is worth saying about a link's target, or null: a restore refuses links that lead out of the project unless told. */
export function unsafeLink(file: string, target: string): Finding | null {
  if (!leadsOut(file, target)) return null;
  return {
    code: 'unsafe-link',
    severity: 'warning',
    message: `${escapeName(file)} is a link out of the project (${escapeName(target)})`,
    recommendation:
      'A restore makes it again only with --allow-unsafe-links; a relative link inside the project needs nothing.',
  };
}

/** The finding itself, about a file of a source. */
export function toFinding(found: Finding, file: string, category: string, source: string): Finding {
  return { ...found, path: file, category, source };
}

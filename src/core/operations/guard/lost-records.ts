import fs from 'node:fs';
import { pathOfError } from '../../databases/damage.ts';
import type { DatabaseFiles } from '../../databases/database-files.ts';
import type { Engine } from '../../databases/engine.ts';
import { engineOf, partsBeside, recogniseFile, recogniseFolder } from '../../databases/engines.ts';
import { keyText } from '../../databases/key-text.ts';
import { mergeByKey, type ReadableDatabase } from '../../databases/merge-by-key.ts';
import { readCaptured } from '../../databases/read-on-disk.ts';
import { withArchivedDatabase } from '../../extract/archived-database.ts';
import { lstatOrNull } from '../../fs/durable.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { ManifestDatabase } from '../../model/database.ts';
import type { Context } from '../../model/event.ts';
import type { Loss } from '../../model/guard-report.ts';
import { fromSystemError } from '../../model/system-error.ts';
import { escapeName } from '../../paths/names.ts';
import { toNative } from '../../paths/paths.ts';
import type { AllowedLoss } from './allowed-loss.ts';

/** JSON lists at most this many records of a database; all are counted. */
const MAX_LISTED = 1000;

type LostRecords = Loss['databases'][number];

/** Where the two states of the databases are. */
export interface States {
  /** Absolute path of the project. */
  readonly root: string;
  /** The folder of the backup. */
  readonly backup: string;
}

/**
 * The records of a database in the backup whose key is not in the database at its path any more; null if none is lost. A string says why they could not be
 * compared. Reads both in constant memory, and only where they differ. An error is an answer here, too; what is thrown is a bug.
 */
export async function lostRecords(
  { root, backup }: States,
  stated: ManifestDatabase,
  allowed: AllowedLoss,
  context: Context,
): Promise<LostRecords | string | null> {
  const engine = engineOf(stated.engine);
  const place = toNative(root, stated.path);
  let gone = false;
  try {
    const there = lookAt(engine, place);
    gone = there === 'gone';
    if (there !== 'gone' && there !== 'database') return there;
    const count = await withArchivedDatabase(backup, stated.path, context, (old) =>
      gone ? countAll(old, stated, allowed, context) : compare(old, place, stated, allowed, context),
    );
    return gone || count.lost > 0 ? count.described(gone) : null;
  } catch (cause) {
    const error = fromSystemError(cause, 'it could not be read');
    if (!(error instanceof BackupError)) throw error;
    if (gone) return goneUncounted(stated, allowed);
    return withPath(error, engine, stated.path);
  }
}

/** Readers of a database know its files only by the names of their parts. */
function withPath(error: BackupError, engine: Engine, database: string): string {
  const part = escapeName(error.path ?? '');
  const at = escapeName(pathOfError(engine, database, error));
  return part !== '' && error.message.startsWith(part) ? at + error.message.slice(part.length) : error.message;
}

/** What is at the place of a database: `database`, `gone`, or why that cannot be told. No link is followed. */
function lookAt(engine: Engine, place: string): string {
  const stat = lstatOrNull(place);
  if (stat === null) return 'gone';
  if (stat.isSymbolicLink()) return 'it is a link now';
  if (engine.shape === 'folder') {
    if (!stat.isDirectory()) return 'gone';
    const names = fs.readdirSync(place);
    if (recogniseFolder(place, names)?.name === engine.name) return 'database';
    return engine.isBroken(names) ? `what is left of it is not a whole ${engine.title} database` : 'gone';
  }
  if (!stat.isFile()) return 'gone';
  if (recogniseFile(place, Number(stat.size))?.name === engine.name) return 'database';
  if (stat.size > 0n) return `what is there now is not a ${engine.title} database`;
  return partsBeside(place).length === 0 ? 'gone' : 'its file is empty, but not what lies beside it';
}

function compare(
  old: ReadableDatabase,
  place: string,
  stated: ManifestDatabase,
  allowed: AllowedLoss,
  { signal }: Context,
): Promise<LostCount> {
  const { engine } = old;
  const read = async (files: DatabaseFiles, scratch: string): Promise<LostCount> => {
    // It begins anew if the database changes before it is read.
    const count = new LostCount(stated, allowed);
    await mergeByKey(old, { engine, files, scratch }, signal, (_, was, is) => {
      if (is === undefined && !engine.isOwnRecord(was.key)) count.add(was.key);
    });
    return count;
  };
  return readCaptured(engine, place, read, signal);
}

async function countAll(
  { engine, files, scratch }: ReadableDatabase,
  stated: ManifestDatabase,
  allowed: AllowedLoss,
  { signal }: Context,
): Promise<LostCount> {
  const count = new LostCount(stated, allowed);
  for await (const batch of engine.records(files, { scratch, signal }))
    for (const { key } of batch) if (!engine.isOwnRecord(key)) count.add(key);
  return count;
}

/** Counts lost records, and remembers the first of them. */
class LostCount {
  readonly #stated: ManifestDatabase;
  readonly #name: string;
  readonly #allowed: AllowedLoss;
  readonly #isAllowed: LostRecords['records'] = [];
  readonly #isNot: LostRecords['records'] = [];
  #notAllowed = 0;
  lost = 0;

  constructor(stated: ManifestDatabase, allowed: AllowedLoss) {
    this.#stated = stated;
    this.#name = escapeName(stated.path);
    this.#allowed = allowed;
  }

  add(key: Buffer): void {
    const text = keyText(key);
    const allowed = this.#allowed.has(`${this.#name}/${text}`, this.#name);
    const list = allowed ? this.#isAllowed : this.#isNot;
    this.lost++;
    if (!allowed) this.#notAllowed++;
    if (list.length < MAX_LISTED) list.push({ key: text, allowed });
  }

  described(gone: boolean): LostRecords {
    const { path: at, engine } = this.#stated;
    const records = [...this.#isNot, ...this.#isAllowed].slice(0, MAX_LISTED);
    const { lost } = this;
    return {
      path: at,
      engine,
      gone,
      lost,
      notAllowed: this.#notAllowed,
      records,
      moreRecords: lost - records.length,
    };
  }
}

/** The backup states how many records it has, if it could count them. */
function goneUncounted({ path: at, engine, records: lost }: ManifestDatabase, allowed: AllowedLoss): LostRecords {
  const notAllowed = allowed.has(escapeName(at)) ? 0 : lost;
  return { path: at, engine, gone: true, lost, notAllowed, records: [], moreRecords: lost };
}

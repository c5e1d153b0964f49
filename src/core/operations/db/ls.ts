import { keyText, parseKeyText } from '../../databases/key-text.ts';
import type { DatabaseTable, Engine } from '../../databases/engine.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { DbLsReport } from '../../model/db-ls-report.ts';
import type { Context } from '../../model/event.ts';
import { nearest } from '../../model/nearest.ts';
import { escapeName, shorten } from '../../paths/names.ts';
import { startReport } from '../../repository/report-head.ts';
import { nameOf, type OpenDatabase, readDatabase } from './open-database.ts';

export interface DbLsOptions {
  readonly database: string;
  readonly table: string | undefined;
  /** As keys are written. */
  readonly prefix: string | undefined;
  /** At most this many keys; undefined: all. */
  readonly limit: number | undefined;
  readonly cwd: string;
  /** Gets the keys while they are read, one a line; the report then has none. Returns false if no more are wanted. */
  readonly onLines?: ((lines: string) => Promise<boolean>) | undefined;
}

/** Lists the tables of a database if its engine has tables and neither a table nor a prefix is given; otherwise lists keys in its order. */
export async function dbLs(project: Project, options: DbLsOptions, context: Context): Promise<DbLsReport> {
  const head = startReport(context);
  const prefix = options.prefix === undefined ? undefined : parseKeyText(options.prefix);
  const lister = new Lister(options, prefix, context);
  const found = await readDatabase(options.database, { project, cwd: options.cwd, context }, (database) =>
    lister.list(database),
  );
  return { ...head(), operation: 'db ls', ...found };
}

type Found = Omit<DbLsReport, 'operation' | 'tool' | 'startedAt' | 'durationMs'>;

class Lister {
  readonly #options: DbLsOptions;
  readonly #prefix: Buffer | undefined;
  readonly #context: Context;
  #hasBegun = false;

  constructor(options: DbLsOptions, prefix: Buffer | undefined, context: Context) {
    this.#options = options;
    this.#prefix = prefix;
    this.#context = context;
  }

  async list(database: OpenDatabase): Promise<Found> {
    // What is printed cannot be taken back, and a new capture may hold another state.
    if (this.#hasBegun) throw moved(database);
    const { engine, path, backupId } = database;
    const { table } = this.#options;
    const about = {
      database: path,
      backupId,
      engine: engine.name,
      table: table ?? null,
      prefix: this.#prefix === undefined ? null : keyText(this.#prefix),
    };
    const wanted = table !== undefined || (engine.tables !== null && this.#prefix === undefined);
    const tables = wanted ? await this.#tables(database) : [];
    if (wanted && table === undefined) {
      const shown = tables.map(({ name, records }) => ({ name: keyText(name), records }));
      return { ...about, tables: shown, records: null, more: false };
    }
    const within = table === undefined ? Buffer.alloc(0) : tableOf(tables, table, database).prefix;
    return { ...about, tables: null, ...(await this.#keys(database, within)) };
  }

  #tables({ engine, files, scratch }: OpenDatabase): Promise<DatabaseTable[]> {
    if (engine.tables === null) throw noTables(engine);
    return engine.tables(files, { scratch, signal: this.#context.signal });
  }

  /** @param within what all keys of the table begin with */
  async #keys({ engine, files, scratch }: OpenDatabase, within: Buffer): Promise<Pick<DbLsReport, 'records' | 'more'>> {
    const { limit = Number.POSITIVE_INFINITY, onLines } = this.#options;
    const { signal } = this.#context;
    const prefix = Buffer.concat([within, this.#prefix ?? Buffer.alloc(0)]);
    const records: { key: string; bytes: number }[] = [];
    let listed = 0;
    for await (const batch of engine.records(files, { scratch, signal, prefix })) {
      const some = batch.slice(0, limit - listed);
      listed += some.length;
      if (onLines === undefined)
        for (const { key, value } of some) records.push({ key: keyText(key), bytes: value.length });
      else if (some.length > 0) {
        this.#hasBegun = true;
        if (!(await onLines(some.map(({ key }) => `${keyText(key)}\n`).join('')))) break;
      }
      if (some.length < batch.length) return { records, more: true };
    }
    return { records, more: false };
  }
}

function tableOf(tables: readonly DatabaseTable[], wanted: string, database: OpenDatabase): DatabaseTable {
  const bytes = parseKeyText(wanted);
  const found = tables.find(({ name }) => name.equals(bytes));
  if (found !== undefined) return found;
  const names = tables.map(({ name }) => keyText(name));
  const meant = nearest(wanted, names);
  const known = names.length === 0 ? 'It has no table.' : `Its tables are: ${names.join(', ')}.`;
  throw new BackupError('NO_SUCH_RECORD', `${nameOf(database)} has no table ${shorten(escapeName(wanted))}`, {
    hint: meant === undefined ? shorten(known) : `Did you mean ${meant}?`,
    path: wanted,
    details: { tables: names },
  });
}

function noTables({ title }: Engine): BackupError {
  return new BackupError('USAGE', `a ${title} database has no tables`, {
    hint: 'Leave TABLE out; --prefix lists the keys that begin with something.',
  });
}

function moved(database: OpenDatabase): BackupError {
  return new BackupError('DATABASE_BUSY', `${nameOf(database)} changed while its keys were listed`, {
    hint: 'Try again, or pause the application that owns it.',
    path: database.path,
  });
}

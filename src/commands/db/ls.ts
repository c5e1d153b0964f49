import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { collectOften } from '../../cli/cap-memory.ts';
import { databaseArg, inLatest, latestDatabaseFlag } from '../../cli/database-arg.ts';
import { EXIT } from '../../cli/exit-code.ts';
import { sayLost, writeOut } from '../../cli/output.ts';
import { renderDbLs } from '../../cli/render/db-ls.ts';
import { BackupError } from '../../core/model/backup-error.ts';

/** A JSON document is held in memory until it is printed, so its length has limits. */
const LIMIT_OF_DOCUMENT = 1000;
const LARGEST_DOCUMENT = 100_000;

export default class DbLs extends BaseCommand {
  static override summary = 'List the tables or keys of a database';
  static override description =
    'A database that has tables is listed by table, with the number of rows; with TABLE or --prefix its keys are listed. ' +
    'Each key is one line, as db get takes it: \\\\ is a backslash and \\xNN a byte that cannot be shown. A database on disk is captured ' +
    'and never opened; BACKUP:category/source names one in a backup.';
  static override usage = '<%= command.id %> DATABASE [TABLE] [FLAGS]';
  static override hiddenAliases = ['backup:db:ls'];
  static override examples = [
    '<%= config.bin %> db ls leveldb --prefix deployment:',
    '<%= config.bin %> db ls latest:data/app.db',
    '<%= config.bin %> db ls data/app.db users --limit 20 --json',
  ];
  static override args = {
    database: databaseArg('The database to list'),
    table: Args.string({ description: 'List the keys of this table' }),
  };
  static override flags = {
    latest: latestDatabaseFlag('DATABASE'),
    prefix: Flags.string({
      summary: 'List only keys that begin with this (in TABLE: after table/)',
      helpValue: 'KEY',
    }),
    limit: Flags.integer({
      summary: `List at most this many keys (default: all; with --json ${LIMIT_OF_DOCUMENT})`,
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
    }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(DbLs);
    if (flags.json && (flags.limit ?? 0) > LARGEST_DOCUMENT) {
      throw new BackupError('USAGE', `--limit ${flags.limit} is too much for one document`, {
        hint: `Give at most ${LARGEST_DOCUMENT} with --json, or leave out --json to print every key as a line.`,
      });
    }
    const session = await this.open(flags);
    collectOften();
    const { dbLs } = await import('../../core/operations/db/ls.ts');
    const options = {
      database: inLatest(args.database, flags),
      table: args.table,
      prefix: flags.prefix,
      limit: flags.limit ?? (flags.json ? LIMIT_OF_DOCUMENT : undefined),
      cwd: process.cwd(),
      onLines: flags.json ? undefined : (lines: string) => (flags.quiet ? Promise.resolve(true) : taken(lines)),
    };
    const report = await dbLs(await session.project(), options, session.context);
    return session.finish(report, renderDbLs, EXIT.done);
  }
}

/** Writes lines; false if nobody reads them any more. */
async function taken(lines: string): Promise<boolean> {
  const lost = await writeOut(lines);
  if (lost !== null) sayLost(lost);
  return lost === null;
}

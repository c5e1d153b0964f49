import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { collectOften } from '../../cli/cap-memory.ts';
import { databaseArg, inLatest, latestDatabaseFlag } from '../../cli/database-arg.ts';
import { EXIT } from '../../cli/exit-code.ts';
import { renderDbDiff } from '../../cli/render/db-diff.ts';

const LIMIT = 20;
const LIMIT_OF_DOCUMENT = 1000;

export default class DbDiff extends BaseCommand {
  static override summary = 'Compare two databases record by record';
  static override description =
    'Shows added, removed and changed records by key: of JSON values the leaves that differ, of other values sizes and hashes. ' +
    'All differences are counted, even if not all are listed. Both databases have to be of the same engine.';
  static override usage = '<%= command.id %> BEFORE AFTER [FLAGS]';
  static override hiddenAliases = ['backup:db:diff'];
  static override examples = [
    '<%= config.bin %> db diff --latest leveldb leveldb',
    '<%= config.bin %> db diff latest:data/app.db data/app.db --prefix users/',
    '<%= config.bin %> db diff latest~1:leveldb latest:leveldb --exit-code --json',
  ];
  static override args = { before: databaseArg('The old one'), after: databaseArg('The new one') };
  static override flags = {
    latest: latestDatabaseFlag('BEFORE'),
    'exit-code': Flags.boolean({ summary: 'Exit with 4 if they differ' }),
    limit: Flags.integer({
      summary: `List at most this many differences (default: ${LIMIT}; with --json ${LIMIT_OF_DOCUMENT})`,
      min: 0,
      max: 100_000,
    }),
    prefix: Flags.string({ summary: 'Compare only keys that begin with this', helpValue: 'KEY' }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(DbDiff);
    const session = await this.open(flags);
    collectOften();
    const { dbDiff } = await import('../../core/operations/db/diff.ts');
    const limit = flags.limit ?? (flags.json ? LIMIT_OF_DOCUMENT : LIMIT);
    const before = inLatest(args.before, flags);
    const options = { before, after: args.after, prefix: flags.prefix, limit, cwd: process.cwd() };
    const report = await dbDiff(await session.project(), options, session.context);
    return session.finish(report, renderDbDiff, flags['exit-code'] && !report.same ? EXIT.findings : EXIT.done);
  }
}

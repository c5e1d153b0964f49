import { BaseCommand } from '../../cli/base-command.ts';
import { databaseArg, inLatest, latestDatabaseFlag } from '../../cli/database-arg.ts';
import { EXIT } from '../../cli/exit-code.ts';
import { renderDbDigest } from '../../cli/render/db-digest.ts';

export default class DbDigest extends BaseCommand {
  static override summary = 'Count and hash what a database holds';
  static override description =
    'Two databases of one engine with the same digest hold the same records. A database on disk is captured and never ' +
    'opened, so it may be in use. For a database in a backup, the command says whether the manifest states the same; if not, ' +
    'the exit code is 4.';
  static override usage = '<%= command.id %> DATABASE [FLAGS]';
  static override hiddenAliases = ['backup:db:digest'];
  static override examples = [
    '<%= config.bin %> db digest leveldb',
    '<%= config.bin %> db digest migration-2026-11-23:leveldb/current --json',
    '<%= config.bin %> db digest backup.zip:data/app.db',
  ];
  static override args = { database: databaseArg('The database') };
  static override flags = { latest: latestDatabaseFlag('DATABASE') };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(DbDigest);
    const session = await this.open(flags);
    const { dbDigest } = await import('../../core/operations/db/digest.ts');
    const options = { database: inLatest(args.database, flags), cwd: process.cwd() };
    const report = await dbDigest(await session.project(), options, session.context);
    return session.finish(report, renderDbDigest, report.agrees === false ? EXIT.findings : EXIT.done);
  }
}

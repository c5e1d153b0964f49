import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { collectOften } from '../cli/cap-memory.ts';
import { inLatest, latestDatabaseFlag } from '../cli/database-arg.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderReconcile } from '../cli/render/reconcile.ts';

export default class Reconcile extends BaseCommand {
  static override summary = 'Account for every record of a database after a migration';
  static override description =
    'Looks for each record that a database of a backup holds in what was added or changed since: under the same key in a database of the same engine, as it is ' +
    'anywhere, and where the values of its kind stand now (JSON, JSONL, databases). It promises that every value of every old record stands where its kind ' +
    'stands, or is listed. It does not promise that your program reads it there, nor that the mapping means the right thing. The backup is that of ' +
    'MIGBACKUP_ID, which guard sets, otherwise the latest; without DATABASE, all of its databases are accounted for. Exits with 4 if a record is not ' +
    'accounted for.';
  static override usage = '<%= command.id %> [DATABASE | BACKUP:DATABASE] [FLAGS]';
  static override hiddenAliases = ['backup:reconcile'];
  static override examples = [
    "<%= config.bin %> reconcile leveldb --in 'deployments/unified/*.json'",
    '<%= config.bin %> reconcile latest~1:data/app.db --strict --json',
    '<%= config.bin %> guard --check "<%= config.bin %> reconcile leveldb" -- npm run migrate',
  ];
  static override args = {
    database: Args.string({
      description:
        'The old database: its path or category/source in the backup, or BACKUP: and one of these (default: all)',
    }),
  };
  static override flags = {
    latest: latestDatabaseFlag('DATABASE'),
    in: Flags.string({
      summary:
        'Search only what matches this, also if it did not change or is build output, such as out/** (repeatable)',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'GLOB',
    }),
    strict: Flags.boolean({ summary: 'Only records that are found or explained by a rule count as accounted for' }),
    'write-rules': Flags.boolean({
      summary: 'Add the places that were learned to migbackup.config.json, for review',
    }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Reconcile);
    const session = await this.open(flags);
    collectOften();
    const { reconcile } = await import('../core/operations/reconcile.ts');
    const options = {
      name: args.database === undefined ? undefined : inLatest(args.database, flags),
      latest: flags.latest,
      env: process.env,
      in: flags.in ?? [],
      strict: flags.strict,
      writeRules: flags['write-rules'],
      cwd: process.cwd(),
    };
    const report = await reconcile(await session.project(), options, session.context);
    const isDone = report.notAccountedFor === 0 && !report.findings.some(({ code }) => code === 'records-not-searched');
    return session.finish(report, renderReconcile, isDone ? EXIT.done : EXIT.findings);
  }
}

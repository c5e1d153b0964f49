import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { EXIT } from '../../cli/exit-code.ts';
import { renderLeveldbDigest } from '../../cli/render/leveldb-digest.ts';

export default class LeveldbDigest extends BaseCommand {
  static override summary = 'Count and hash what a LevelDB database holds';
  static override description =
    'Reads every table and log with its own reader and checks every checksum. Nothing is written and LevelDB is not ' +
    'involved, so a database in use can be asked too. Two databases with the same digest hold the same records. ' +
    'DATABASE is a folder, or BACKUP:category/source for a database in a backup.';
  static override usage = '<%= command.id %> DATABASE [FLAGS]';
  static override hiddenAliases = ['backup:leveldb:digest'];
  static override examples = [
    '<%= config.bin %> leveldb digest leveldb',
    '<%= config.bin %> leveldb digest migration-2026-11-23:leveldb/current --json',
  ];
  static override args = {
    database: Args.string({ description: 'Folder of a database, or BACKUP:category/source', required: true }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(LeveldbDigest);
    const session = await this.open(flags);
    const { leveldbDigest } = await import('../../core/operations/leveldb-digest.ts');
    const options = { database: args.database, cwd: process.cwd() };
    const report = await leveldbDigest(await session.project(), options, session.context);
    return session.finish(report, renderLeveldbDigest, report.agrees === false ? EXIT.findings : EXIT.done);
  }
}

import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { collectOften } from '../../cli/cap-memory.ts';
import { databaseArg, inLatest, latestDatabaseFlag } from '../../cli/database-arg.ts';
import { EXIT } from '../../cli/exit-code.ts';
import { writeOut } from '../../cli/output.ts';
import { BackupError } from '../../core/model/backup-error.ts';
import { fromSystemError } from '../../core/model/system-error.ts';

export default class DbGet extends BaseCommand {
  static override summary = 'Print the value of one record, to the byte';
  static override description =
    'The bytes go to stdout as they are, with nothing added; on a terminal, control characters are escaped. A row of a ' +
    'database with tables is JSON, and its key is TABLE/primary key. KEY is written as db ls prints it.';
  static override usage = '<%= command.id %> DATABASE KEY [FLAGS]';
  static override hiddenAliases = ['backup:db:get'];
  static override examples = [
    '<%= config.bin %> db get leveldb deployment:000001 --pretty',
    '<%= config.bin %> db get latest:data/app.db users/42 > row.json',
    '<%= config.bin %> db get leveldb --hex 00ff10',
  ];
  static override args = {
    database: databaseArg('The database'),
    key: Args.string({ description: 'The key; \\\\ is a backslash and \\xNN a byte', required: true }),
  };
  static override flags = {
    latest: latestDatabaseFlag('DATABASE'),
    pretty: Flags.boolean({ summary: 'Indent JSON; in any other value, escape what cannot be shown' }),
    hex: Flags.boolean({ summary: 'KEY is given as bytes in hex', exclusive: ['base64'] }),
    base64: Flags.boolean({ summary: 'KEY is given as bytes in base64' }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(DbGet);
    const session = await this.open(flags);
    collectOften();
    if (flags.json) {
      throw new BackupError('USAGE', 'db get prints the bytes of a value, which are not a JSON document', {
        hint: 'Leave out --json (and MIGBACKUP_JSON), or use db ls or db diff, which print a document.',
      });
    }
    const { dbGet } = await import('../../core/operations/db/get.ts');
    const { prettyValue, terminalValue } = await import('../../core/operations/db/show-value.ts');
    const form = flags.hex ? 'hex' : flags.base64 ? 'base64' : 'text';
    const options = { database: inLatest(args.database, flags), key: args.key, form, cwd: process.cwd() } as const;
    const value = await dbGet(await session.project(), options, session.context);
    const shown = flags.pretty ? prettyValue(value) : process.stdout.isTTY ? terminalValue(value) : value;
    const lost = await writeOut(shown);
    // A reader that has gone wants no more output, so that is not an error.
    if (lost !== null && !('code' in lost && lost.code === 'EPIPE'))
      throw fromSystemError(lost, 'the value could not be written to stdout');
    return EXIT.done;
  }
}

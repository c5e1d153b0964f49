import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { EXIT } from '../../cli/exit-code.ts';
import { renderKeyNew } from '../../cli/render/key.ts';

export default class KeyNew extends BaseCommand {
  static override summary = 'Make a key for encrypted copies';
  static override description =
    'Writes a new age identity into a file that only you may read, as age-keygen does, and prints the recipient that copies are encrypted for. ' +
    'The secret is in the file alone. A file that exists is never replaced, and a place in the project or in the backups folder is refused.';
  static override usage = '<%= command.id %> [FILE] [FLAGS]';
  static override hiddenAliases = ['backup:key:new'];
  static override examples = ['<%= config.bin %> key new', '<%= config.bin %> key new /media/stick/migbackup-key.txt'];
  static override args = {
    file: Args.string({ description: 'Where the key goes (default: a new file in ~/.config/migbackup/keys)' }),
  };
  static override flags = {
    'post-quantum': Flags.boolean({ summary: 'Make one that a quantum computer cannot break either (age1pq1…)' }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(KeyNew);
    const session = await this.open(flags);
    const { newKey } = await import('../../core/operations/key/new.ts');
    const kind = flags['post-quantum'] ? ('post-quantum' as const) : ('x25519' as const);
    const options = { file: args.file, cwd: process.cwd(), kind };
    const report = await newKey(await session.project({ wayBack: true }), options, session.context);
    return session.finish(report, renderKeyNew, EXIT.done);
  }
}

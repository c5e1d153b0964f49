import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderInit } from '../cli/render/init.ts';

export default class Init extends BaseCommand {
  static override summary = 'Set the project up: config file, npm scripts, .gitignore';
  static override description =
    'Writes only what is missing and never overwrites; running it twice is the same as once. With --backups, the new config names that folder for the backups. --add adds a source to the config, new or not, for a path that validate says is in no category.';
  static override usage = '<%= command.id %> [FLAGS]';
  static override hiddenAliases = ['backup:init'];
  static override examples = [
    '<%= config.bin %> init --dry-run',
    '<%= config.bin %> init --install',
    '<%= config.bin %> init --backups ../app-backups',
    '<%= config.bin %> init --add data/kv',
  ];
  static override flags = {
    install: Flags.boolean({ summary: 'Also add migbackup to devDependencies, for the npm scripts' }),
    add: Flags.string({ summary: 'Cover this file or folder from now on', helpValue: 'PATH', multiple: true }),
    'dry-run': Flags.boolean({ summary: 'Show the changes and make none' }),
  };

  async run(): Promise<number> {
    const { flags } = await this.parse(Init);
    const session = await this.open(flags);
    const { init } = await import('../core/operations/init.ts');
    const project = await session.project();
    // A folder from the environment is a place on this machine and does not belong in a config that others get.
    const isSpelled = this.argv.some((word) => word.startsWith('--backups'));
    const backups = isSpelled ? project.repository : undefined;
    const options = { dryRun: flags['dry-run'], install: flags.install, add: flags.add, cwd: process.cwd(), backups };
    const report = await init(project.root, options, session.context);
    return session.finish(report, renderInit, EXIT.done);
  }
}

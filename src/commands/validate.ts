import { Args } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { failOnFlag } from '../cli/shared-flags.ts';
import { exitCodeOfStatus } from '../cli/exit-code.ts';
import { renderValidate } from '../cli/render/validate.ts';
import { shellLine } from '../core/model/shell-quote.ts';
import { BackupError } from '../core/model/backup-error.ts';

export default class Validate extends BaseCommand {
  static override summary = 'Check that a backup and a restore would work here';
  static override description =
    'Looks at prerequisites, permissions, disk space, locks, the inventory and what no category covers. Answers HEALTHY, ' +
    'WARNING or CRITICAL; CRITICAL means that create or restore would fail, or that state which the newest complete backup has is gone.';
  static override usage = '<%= command.id %> [FLAGS]';
  static override hiddenAliases = ['backup:validate'];
  static override examples = ['<%= config.bin %> validate', '<%= config.bin %> validate --json --fail-on warning'];
  static override args = { backup: Args.string({ hidden: true }) };
  static override flags = {
    'fail-on': failOnFlag,
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Validate);
    if (args.backup !== undefined) {
      throw new BackupError('USAGE', 'validate looks at the project, not at a backup', {
        hint: `Did you mean ${shellLine(['migbackup', 'verify', args.backup])}?`,
      });
    }
    const session = await this.open(flags);
    const { validate } = await import('../core/operations/validate.ts');
    const report = await validate(await session.project(), {}, session.context);
    return session.finish(report, renderValidate, exitCodeOfStatus(report.status, flags['fail-on']));
  }
}

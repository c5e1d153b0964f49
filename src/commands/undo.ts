import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { confirmChange } from '../cli/confirm-change.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderUndo } from '../cli/render/undo.ts';

export default class Undo extends BaseCommand {
  static override summary = 'Take back the last restore, undo or guarded command, exactly';
  static override description =
    'Brings back the state that the last restore, undo or guard changed, from the safety backup it took. It is a restore itself: ' +
    'checked, atomic, and undone by the next undo. What was made by that operation and changed since stays and is named.';
  static override usage = '<%= command.id %> [FLAGS]';
  static override hiddenAliases = ['backup:undo'];
  static override examples = ['<%= config.bin %> undo', '<%= config.bin %> undo --dry-run'];
  static override flags = {
    'dry-run': Flags.boolean({ summary: 'Show the plan and change nothing' }),
    plan: Flags.string({ summary: 'Go on only if the plan is still this one', helpValue: 'HASH' }),
  };

  async run(): Promise<number> {
    const { flags } = await this.parse(Undo);
    const session = await this.open(flags);
    const { undo } = await import('../core/operations/undo.ts');
    const options = {
      dryRun: flags['dry-run'],
      plan: flags.plan,
      confirm: confirmChange(session, { command: 'undo', question: 'Take it back?', argv: this.argv }),
    };
    const report = await undo(await session.project(), options, session.context);
    return session.finish(report, renderUndo, EXIT.done);
  }
}

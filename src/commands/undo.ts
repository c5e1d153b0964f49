import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { confirmChange } from '../cli/confirm-change.ts';
import { EXIT } from '../cli/exit-code.ts';
import { describeUndone, renderSince, renderUndo } from '../cli/render/undo.ts';
import { renderUndoList } from '../cli/render/undo-list.ts';
import { BackupError } from '../core/model/backup-error.ts';
import type { RestorePlan } from '../core/model/restore-report.ts';
import type { Undone } from '../core/model/undo-report.ts';

export default class Undo extends BaseCommand {
  static override summary = 'Take back the last restore, undo or guarded command';
  static override description =
    'Brings back the state from before the last restore, undo or guarded command, from the backup that it took first. Undo is a restore itself: ' +
    'checked, atomic, and undone by the next undo. What that operation made and somebody changed since stays and is named. ' +
    'OPERATION is an ID of --list: once the last operation is taken back, the one before it can be. Without a terminal, the ID is needed ' +
    'in two cases: if a guard had brought everything back, because undo would bring back the failed state; and if something was changed after ' +
    'a guarded command had ended, because undo would take back that work too.';
  static override usage = '<%= command.id %> [OPERATION] [FLAGS]';
  static override hiddenAliases = ['backup:undo'];
  static override examples = [
    '<%= config.bin %> undo',
    '<%= config.bin %> undo --dry-run',
    '<%= config.bin %> undo --list',
    '<%= config.bin %> undo safety-2026-11-23T07-38-00-123Z',
  ];
  static override args = {
    operation: Args.string({
      description: 'ID of an operation, or a part of it that only one has (default: the last)',
    }),
  };
  static override flags = {
    list: Flags.boolean({ summary: 'Show what can be undone', exclusive: ['dry-run', 'plan'] }),
    'dry-run': Flags.boolean({ summary: 'Show the plan and change nothing' }),
    plan: Flags.string({ summary: 'Go on only if the plan is still this one', helpValue: 'HASH' }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Undo);
    const session = await this.open(flags);
    if (flags.list) {
      if (args.operation !== undefined) {
        throw new BackupError('USAGE', `--list shows every operation, not only ${args.operation}`, {
          hint: `Give one of them: undo --list, or undo ${args.operation} --dry-run.`,
        });
      }
      const { undoList } = await import('../core/operations/undo-list.ts');
      return session.finish(
        await undoList(await session.project({ wayBack: true }), {}, session.context),
        renderUndoList,
        EXIT.done,
      );
    }
    const { undo } = await import('../core/operations/undo.ts');
    const confirm = (plan: RestorePlan, undone: Undone, since: readonly string[]): Promise<boolean> => {
      const asked = {
        command: 'undo',
        question: 'Take it back?',
        argv: args.operation === undefined ? [undone.id, ...this.argv] : this.argv,
        what: `takes back ${undone.what}, so that the project is ${undone.becomes}`,
        lead: [...describeUndone(undone), ...renderSince(since)],
      };
      return confirmChange(session, asked)(plan);
    };
    const { operation: id } = args;
    const options = { id, dryRun: flags['dry-run'], plan: flags.plan, attended: session.canAsk, confirm };
    const report = await undo(await session.project({ wayBack: true }), options, session.context);
    return session.finish(report, renderUndo, EXIT.done);
  }
}

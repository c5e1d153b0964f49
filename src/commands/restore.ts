import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { markAtOnce } from '../cli/cap-memory.ts';
import { confirmChange } from '../cli/confirm-change.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderRestore } from '../cli/render/restore.ts';
import { shellLine } from '../core/model/shell-quote.ts';
import { fromRemote, readRemoteFlags } from '../cli/remote-flags.ts';
import { latestFlag, movesOn, onlyFlag, selectionArgs, selectorOf } from '../cli/selection.ts';
import { withSelected } from './with-selected.ts';

export default class Restore extends BaseCommand {
  static override summary = 'Bring back what a backup holds, or change nothing';
  static override description =
    'Verifies the backup, shows the plan, takes a safety backup of what is replaced, stages the files beside the project, ' +
    'swaps them in and checks them. If anything fails on the way, all of it is taken back. What the backup does not have stays, unless --exact removes it. ' +
    'With --remote and --only, only the parts of the copy that are needed are fetched, and only what is selected is verified.';
  static override usage = '<%= command.id %> [BACKUP] [FLAGS]';
  static override hiddenAliases = ['backup:restore'];
  static override examples = [
    '<%= config.bin %> restore --latest',
    '<%= config.bin %> restore --only leveldb',
    '<%= config.bin %> restore --dry-run --json',
    '<%= config.bin %> restore --to /tmp/look-at-it',
    '<%= config.bin %> restore --remote offsite --only leveldb',
  ];
  static override args = selectionArgs;
  static override flags = {
    latest: latestFlag,
    ...readRemoteFlags,
    only: onlyFlag,
    'dry-run': Flags.boolean({ summary: 'Show the plan and change nothing' }),
    plan: Flags.string({ summary: 'Go on only if the plan is still this one', helpValue: 'HASH' }),
    to: Flags.string({
      summary: 'Restore into this folder instead of the project',
      helpValue: 'DIR',
      exclusive: ['dry-run', 'plan', 'exact', 'accept-project', 'accept-sources'],
    }),
    exact: Flags.boolean({ summary: 'Also remove what the backup does not have' }),
    'allow-unsafe-links': Flags.boolean({ summary: 'Also make links that lead out of the project' }),
    'accept-project': Flags.boolean({ summary: 'Also restore a backup of another project over this one' }),
    'accept-sources': Flags.boolean({ summary: 'Also restore what this project does not back up itself' }),
    owner: Flags.boolean({ summary: 'Also set owner and group of what is brought back (root only)' }),
    'safety-backup': Flags.boolean({
      summary: 'First back up what will be replaced',
      allowNo: true,
      default: true,
    }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Restore);
    const session = await this.open(flags);
    markAtOnce();
    const selector = selectorOf(args, flags);
    return withSelected(
      session,
      { selector, only: flags.only, how: { wayBack: true }, from: fromRemote(flags, flags.only === undefined) },
      async ({ project, selected, only }) => {
        const { restore, restoreTo, signerRule } = await import('../core/operations/restore.ts');
        if (flags.to !== undefined) {
          const report = await restoreTo(
            selected,
            {
              to: flags.to,
              only,
              allowUnsafeLinks: flags['allow-unsafe-links'],
              repository: project.repository,
              owner: flags.owner,
              signers: signerRule(project.config),
            },
            session.context,
          );
          return session.finish(report, renderRestore, EXIT.done);
        }
        const given = this.argv.filter((word) => word !== '--latest' && !(movesOn(word) && word === selector));
        const again = movesOn(selector) ? [selected.id, ...given] : given;
        const line = shellLine(['migbackup', 'restore', ...again.filter((word) => word !== '--dry-run')]);
        const options = {
          again: line,
          only,
          exact: flags.exact,
          allowUnsafeLinks: flags['allow-unsafe-links'],
          acceptProject: flags['accept-project'],
          acceptSources: flags['accept-sources'],
          dryRun: flags['dry-run'],
          plan: flags.plan,
          safetyBackup: flags['safety-backup'],
          owner: flags.owner,
          confirm: confirmChange(
            session,
            { command: 'restore', question: 'Restore?', argv: again },
            flags['safety-backup'],
          ),
        };
        const report = await restore(project, selected, options, session.context);
        return session.finish(report, (done, paint) => renderRestore(done, paint, line), EXIT.done);
      },
    );
  }
}

import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderShow } from '../cli/render/show.ts';
import { fromRemote, readRemoteFlags } from '../cli/remote-flags.ts';
import { latestFlag, onlyFlag, selectionArgs, selectorOf } from '../cli/selection.ts';
import { withSelected } from './with-selected.ts';

export default class Show extends BaseCommand {
  static override summary = 'Show one backup in detail';
  static override description =
    'Categories, sources and databases with their figures, and how many addresses deployment registries record on which chains; --files lists every entry.';
  static override usage = '<%= command.id %> [BACKUP] [FLAGS]';
  static override hiddenAliases = ['backup:show'];
  static override examples = [
    '<%= config.bin %> show',
    '<%= config.bin %> show --files --only leveldb',
    '<%= config.bin %> show --files --json',
  ];
  static override args = selectionArgs;
  static override flags = {
    latest: latestFlag,
    ...readRemoteFlags,
    files: Flags.boolean({ summary: 'List the entries too' }),
    only: onlyFlag,
    limit: Flags.integer({
      summary: 'List at most this many entries',
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
      dependsOn: ['files'],
    }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Show);
    const session = await this.open(flags);
    const selector = selectorOf(args, flags);
    const { show } = await import('../core/operations/show.ts');
    return withSelected(
      session,
      { selector, only: flags.only, how: { wayBack: true }, from: fromRemote(flags, false) },
      async ({ project, selected, only }) => {
        const options = { files: flags.files, only, limit: flags.limit, allowedSigners: project.config.allowedSigners };
        const report = await show(selected, options, session.context);
        return session.finish(report, (shown, paint) => renderShow(shown, paint, project.repository), EXIT.done);
      },
    );
  }
}

import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { askOrRefuse } from '../cli/confirm-change.ts';
import { parseDuration } from '../cli/duration.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderPrune, renderPrunePlan } from '../cli/render/prune.ts';
import { parseTags } from '../cli/tags.ts';
import type { Session } from '../cli/session.ts';
import { BackupError } from '../core/model/backup-error.ts';
import type { prune } from '../core/operations/prune.ts';

const KEEP_SAFETY = 3;

type Policy = Parameters<typeof prune>[1]['policy'];

export default class Prune extends BaseCommand {
  static override summary = 'Remove old backups that no rule keeps';
  static override description =
    'A backup stays if any --keep rule keeps it. Never removed are the newest complete backup that verifies (it is read in full now), backups that ' +
    'undo or a guard needs, those that have state which is gone from the project (see status), those that cannot be read, and those of other projects. ' +
    'Safety backups have a rule of their own, --keep-safety. ' +
    'With --remote it removes copies there, by the clock of the remote: never the newest complete one, and none that is locked, which is exit 6.';
  static override usage = '<%= command.id %> [FLAGS]';
  static override hiddenAliases = ['backup:prune'];
  static override examples = [
    '<%= config.bin %> prune --keep-last 5 --dry-run',
    '<%= config.bin %> prune --keep-within 30d --keep-tag release=1.4',
    '<%= config.bin %> prune --remote offsite --keep-last 10 --orphans 7d --dry-run',
  ];
  static override flags = {
    'keep-last': Flags.integer({ summary: 'Keep the newest N', min: 1, max: Number.MAX_SAFE_INTEGER, helpValue: 'N' }),
    'keep-within': Flags.string({ summary: 'Keep those no older: 12h, 30d, 6w, 1y', helpValue: 'TIME' }),
    'keep-tag': Flags.string({
      summary: 'Keep those with this label (repeatable)',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'KEY=VALUE',
    }),
    'keep-safety': Flags.integer({
      summary: 'Keep the newest N safety backups',
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
      default: KEEP_SAFETY,
      helpValue: 'N',
    }),
    remote: Flags.string({
      summary: 'Remove copies in this remote instead: a name in the config, or a URL',
      helpValue: 'NAME',
      exclusive: ['keep-tag'],
    }),
    orphans: Flags.string({
      summary: 'With --remote, also remove what no commit names and is older: 7d',
      helpValue: 'TIME',
      dependsOn: ['remote'],
    }),
    insecure: Flags.boolean({ summary: 'Allow plain http to another machine', dependsOn: ['remote'] }),
    'dry-run': Flags.boolean({ summary: 'Show what would be removed, and remove nothing', default: false }),
  };

  async run(): Promise<number> {
    const { flags } = await this.parse(Prune);
    const within = flags['keep-within'];
    const tags = flags['keep-tag'] ?? [];
    if (flags['keep-last'] === undefined && within === undefined && tags.length === 0) {
      throw new BackupError('USAGE', 'prune needs to know what to keep', {
        hint: 'For example: migbackup prune --keep-last 5 --dry-run',
      });
    }
    const policy = {
      keepLast: flags['keep-last'],
      keepWithinMs: within === undefined ? undefined : parseDuration(within, '--keep-within'),
      keepTags: tags.map((tag) => parseTags([tag], '--keep-tag')),
      keepSafety: flags['keep-safety'],
    };
    const session = await this.open(flags);
    if (flags.remote !== undefined) return this.pruneRemote(session, flags.remote, flags, policy);
    const { prune } = await import('../core/operations/prune.ts');
    const project = await session.project();
    const ask = askOrRefuse(session, { command: 'prune', question: 'Remove them?', argv: this.argv });
    const options = {
      policy,
      dryRun: flags['dry-run'],
      confirm: (plan: Parameters<typeof renderPrunePlan>[0]) =>
        ask({
          lines: renderPrunePlan(plan),
          what: `removes backups in ${plan.repository}`,
          path: plan.repository,
          plan,
        }),
    };
    const report = await prune(project, options, session.context);
    const failed = report.findings.some((finding) => finding.severity === 'error');
    return session.finish(report, renderPrune, failed ? EXIT.findings : EXIT.done);
  }

  private async pruneRemote(
    session: Session,
    remote: string,
    flags: { readonly orphans: string | undefined; readonly insecure: boolean; readonly 'dry-run': boolean },
    policy: Pick<Policy, 'keepLast' | 'keepWithinMs' | 'keepSafety'>,
  ): Promise<number> {
    const { pruneRemote } = await import('../core/operations/prune/remote.ts');
    const { orphans } = flags;
    const ask = askOrRefuse(session, { command: 'prune', question: 'Remove them?', argv: this.argv });
    const options = {
      remote,
      insecure: flags.insecure,
      keepLast: policy.keepLast,
      keepWithinMs: policy.keepWithinMs,
      keepSafety: policy.keepSafety,
      orphansMs: orphans === undefined ? undefined : parseDuration(orphans, '--orphans'),
      dryRun: flags['dry-run'],
      confirm: (plan: Parameters<typeof renderPrunePlan>[0]) =>
        ask({
          lines: renderPrunePlan(plan),
          what: `removes copies in ${plan.repository}`,
          path: plan.repository,
          plan,
        }),
    };
    const report = await pruneRemote(await session.project(), options, session.context);
    const isLocked = report.findings.some(({ code }) => code === 'copy-locked');
    return session.finish(report, renderPrune, isLocked ? EXIT.refused : EXIT.done);
  }
}

import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { EXIT, exitCodeOfStatus } from '../cli/exit-code.ts';
import { renderCreate } from '../cli/render/create.ts';
import { pushFlags, pushWanted, signFlag, signingKey } from '../cli/push-flags.ts';
import { onlyFlag } from '../cli/selection.ts';
import { parseTags } from '../cli/tags.ts';
import { BackupError } from '../core/model/backup-error.ts';
import { copiesIn } from '../core/model/copies-in.ts';

export default class Create extends BaseCommand {
  static override summary = 'Take a backup, prove it, commit it';
  static override description =
    'Captures every category, reads the archives back and compares them with what was read from disk, and only ' +
    'then gives the backup its name. Either a whole backup appears or none. With --push it is then copied to the remotes; fewer copies than asked for are exit 3. ' +
    'With --sign it is signed before that (docs/keys.md); if it cannot be signed it stays, is not pushed, and the exit code is 3.';
  static override usage = '<%= command.id %> [FLAGS]';
  static override hiddenAliases = ['backup:create'];
  static override examples = [
    '<%= config.bin %> create --note "before leveldb removal"',
    '<%= config.bin %> create --only leveldb --only legacy-json',
    '<%= config.bin %> create --tag release=1.4 --json',
    '<%= config.bin %> create --push --min-copies 1',
    '<%= config.bin %> create --sign ~/.ssh/id_ed25519',
  ];
  static override flags = {
    only: onlyFlag,
    tag: Flags.string({
      summary: 'Label the backup (repeatable)',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'KEY=VALUE',
    }),
    note: Flags.string({ summary: 'Why this backup was taken' }),
    compression: Flags.option({
      options: ['zstd', 'none'] as const,
      summary: 'Compression of the archives (default: as configured, else zstd)',
      env: 'MIGBACKUP_COMPRESSION',
    })(),
    level: Flags.integer({ summary: 'zstd level, 1 to 19', min: 1, max: 19, env: 'MIGBACKUP_LEVEL' }),
    verify: Flags.boolean({ summary: 'Prove the backup by reading it back', allowNo: true, default: true }),
    'allow-partial': Flags.boolean({ summary: 'Leave out what cannot be read, say so and exit 3 (else: exit 5)' }),
    'accept-gone': Flags.boolean({
      summary: 'Accept that state which earlier backups have is gone, and stop reporting it',
      exclusive: ['only', 'allow-partial'],
    }),
    raw: Flags.string({
      summary: 'Take this database, or all in this folder, as plain files, unproven (repeatable)',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PATH',
    }),
    sign: signFlag,
    ...pushFlags,
  };

  async run(): Promise<number> {
    const { flags } = await this.parse(Create);
    const session = await this.open(flags);
    const tags = parseTags(flags.tag ?? []);
    const { create } = await import('../core/operations/create.ts');
    const { resolveOnly } = await import('../core/operations/resolve-only.ts');
    const project = await session.project();
    const where = { cwd: process.cwd(), backups: [], live: true };
    const only = await resolveOnly(flags.only, project, where, session.context);
    const push = pushWanted(session, project, flags, { name: 'create', argv: this.argv });
    if (push !== undefined && !flags.verify) {
      throw new BackupError('USAGE', 'only a backup that was proven is pushed, and --no-verify proves nothing', {
        hint: 'Leave --no-verify out, or add --no-push.',
      });
    }
    const sign = signingKey(project, flags.sign);
    if (sign !== undefined && !flags.verify) {
      throw new BackupError('USAGE', 'only a backup that was proven is signed, and --no-verify proves nothing', {
        hint: 'Leave --no-verify out.',
      });
    }
    const options = {
      push,
      sign,
      only,
      tags,
      note: flags.note,
      compression: flags.compression,
      level: flags.level,
      verify: flags.verify,
      allowPartial: flags['allow-partial'],
      raw: flags.raw,
      acceptGone: flags['accept-gone'],
    };
    const report = await create(project, options, session.context);
    const { copies = [], minCopies = 0 } = report;
    const isEnough = copiesIn(copies) >= minCopies && report.signature !== null;
    return session.finish(report, renderCreate, isEnough ? exitCodeOfStatus(report.status) : EXIT.partial);
  }
}

import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { chainFlag, parseChains } from '../cli/chain-flag.ts';
import { failOnFlag } from '../cli/shared-flags.ts';
import { markAtOnce } from '../cli/cap-memory.ts';
import { exitCodeOfStatus } from '../cli/exit-code.ts';
import { renderVerify, renderVerifyAll } from '../cli/render/verify.ts';
import { parsePercent } from '../cli/percent.ts';
import { fromRemote, readRemoteFlags } from '../cli/remote-flags.ts';
import { latestFlag, onlyFlag, selectionArgs, selectorOf } from '../cli/selection.ts';
import { withSelected } from './with-selected.ts';
import type { Session } from '../cli/session.ts';
import { BackupError } from '../core/model/backup-error.ts';

export default class Verify extends BaseCommand {
  static override summary = 'Prove from its bytes that a backup can be restored';
  static override description =
    'Reads every archive and compares each file with the index and the manifest. Answers PASSED, WARNING or FAILED. ' +
    'Only a full verification counts as verified: --only, --sample and --quick do not. With --chain it also asks a node whether there are contracts at the ' +
    'recorded addresses, with the code of their artifacts, and whether proxies point where the records say; it only reads, and what is not answered is an error. ' +
    'With --remote it compares what the remote says of each object with the commit of the copy, which proves only what the remote says; ' +
    'objects without a stored checksum are read. --deep, --rehearse and --chain fetch the copy and verify its bytes.';
  static override usage = '<%= command.id %> [BACKUP] [FLAGS]';
  static override hiddenAliases = ['backup:verify'];
  static override examples = [
    '<%= config.bin %> verify --latest',
    '<%= config.bin %> verify migration-2026-11-23T07-38-00-123Z --json',
    '<%= config.bin %> verify --all --fail-on warning',
    '<%= config.bin %> verify --sample 10% --seed 42',
    '<%= config.bin %> verify --latest --rehearse',
    '<%= config.bin %> verify --latest --chain 56=https://bsc.example.org',
  ];
  static override args = selectionArgs;
  static override flags = {
    latest: latestFlag,
    ...readRemoteFlags,
    deep: Flags.boolean({
      summary: 'With --remote, fetch all of the copy and verify every byte',
      dependsOn: ['remote'],
    }),
    only: onlyFlag,
    all: Flags.boolean({ summary: 'Every backup of this project', exclusive: ['latest', 'only', 'remote'] }),
    'all-projects': Flags.boolean({
      summary: 'With --all, also the backups of other projects that are in the same folder',
      dependsOn: ['all'],
    }),
    sample: Flags.string({
      summary: 'Read only a random part of the files, at least one',
      helpValue: 'PERCENT',
      exclusive: ['quick', 'only', 'remote'],
    }),
    seed: Flags.string({ summary: 'Seed of the random choice', dependsOn: ['sample'] }),
    quick: Flags.boolean({ summary: 'Look only at structure and sizes', exclusive: ['only', 'remote'] }),
    rehearse: Flags.boolean({
      summary: 'Also unpack it into a scratch folder, open every database and parse every JSON file',
      exclusive: ['sample', 'quick', 'only'],
    }),
    chain: chainFlag,
    'require-signer': Flags.string({
      summary: 'Fail unless this principal of the allowed-signers file signed it (repeatable: one of them)',
      helpValue: 'PRINCIPAL',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'allowed-signers': Flags.string({
      summary: 'Allowed-signers file of OpenSSH (default: allowedSigners of the config)',
      helpValue: 'FILE',
      dependsOn: ['require-signer'],
    }),
    'fail-on': failOnFlag,
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Verify);
    const session = await this.open(flags);
    markAtOnce();
    if (/^(?:https?|wss?):/i.test(args.backup ?? '')) {
      throw new BackupError('USAGE', 'a URL names no backup', {
        hint: 'The URL of a node comes right after its chain: --chain 56=URL.',
      });
    }
    const chains = parseChains(flags.chain ?? [], process.env);
    const samplePercent = flags.sample === undefined ? undefined : parsePercent(flags.sample);
    const mode = flags.quick
      ? ('quick' as const)
      : samplePercent === undefined
        ? ('full' as const)
        : ('sample' as const);
    const signers = { principals: flags['require-signer'], file: flags['allowed-signers'] };
    const options = { mode, samplePercent, seed: flags.seed, rehearse: flags.rehearse };
    if (flags.all) {
      if (args.backup !== undefined) {
        throw new BackupError('USAGE', `both ${args.backup} and --all say what to verify`, {
          hint: 'Give one of them.',
        });
      }
      const wanted = { ...options, allProjects: flags['all-projects'] };
      return this.verifyAll(session, wanted, flags['fail-on'], signers);
    }

    const selector = selectorOf(args, flags);
    const isWhole = flags.deep || flags.rehearse || chains.size > 0;
    const from = fromRemote(flags, isWhole);
    if (from !== undefined && !isWhole && flags.only === undefined)
      return this.verifyStored(session, selector, from, signers, flags['fail-on']);
    const { signerRule, verify } = await import('../core/operations/verify.ts');
    return withSelected(
      session,
      { selector, only: flags.only, how: { wayBack: true }, from },
      async ({ project, selected, only }) => {
        const terms = only.length === 0 ? undefined : only;
        const report = await verify(
          selected,
          { ...options, chains, terms, repository: project.repository, signers: signerRule(project.config, signers) },
          session.context,
        );
        const named = { repository: project.repository, only: flags.only };
        return session.finish(
          report,
          (shown, paint) => renderVerify(shown, paint, named),
          exitCodeOfStatus(report.status, flags['fail-on']),
        );
      },
    );
  }

  private async verifyStored(
    session: Session,
    selector: string | undefined,
    from: NonNullable<ReturnType<typeof fromRemote>>,
    signers: AskedSigners,
    failOn: 'error' | 'warning',
  ): Promise<number> {
    const { verifyStored } = await import('../core/operations/verify/stored.ts');
    const project = await session.project({ wayBack: true });
    const report = await verifyStored(project, selector ?? 'latest', from, session.context, signers);
    const named = { repository: project.repository, only: undefined };
    return session.finish(
      report,
      (shown, paint) => renderVerify(shown, paint, named),
      exitCodeOfStatus(report.status, failOn),
    );
  }

  private async verifyAll(
    session: Session,
    options: VerifyAllOptions,
    failOn: 'error' | 'warning',
    signers: AskedSigners,
  ): Promise<number> {
    const { signerRule, verifyAll } = await import('../core/operations/verify.ts');
    const project = await session.project({ wayBack: true });
    const report = await verifyAll(
      project,
      { ...options, signers: signerRule(project.config, signers) },
      session.context,
    );
    return session.finish(report, renderVerifyAll, exitCodeOfStatus(report.status, failOn));
  }
}

interface AskedSigners {
  readonly principals: string[] | undefined;
  readonly file: string | undefined;
}

interface VerifyAllOptions {
  readonly allProjects: boolean;
  readonly mode: 'full' | 'sample' | 'quick';
  readonly samplePercent: number | undefined;
  readonly seed: string | undefined;
  readonly rehearse: boolean;
}

import path from 'node:path';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { markAtOnce } from '../cli/cap-memory.ts';
import { EXIT, exitCodeOfStatus } from '../cli/exit-code.ts';
import { writeOut } from '../cli/output.ts';
import { inGitHubActions } from '../cli/print-annotation.ts';
import { renderForReading, renderReport } from '../cli/render/report.ts';
import { fromRemote, readRemoteFlags } from '../cli/remote-flags.ts';
import { latestFlag, selectionArgs, selectorOf } from '../cli/selection.ts';
import type { Session } from '../cli/session.ts';
import type { select as openBackup } from '../core/import-v1/open-backup.ts';
import { BackupError } from '../core/model/backup-error.ts';
import type { InToto } from '../core/model/backup-summary.ts';
import type { Project } from '../core/model/category.ts';
import { fromSystemError } from '../core/model/system-error.ts';
import type { VerifyReport } from '../core/model/verify-report.ts';

export default class Report extends BaseCommand {
  static override summary = 'Show what is on record about a backup, as Markdown';
  static override description =
    'Opens with four answers and their evidence: is all state covered, was it verified in full, rehearsed, and restored once? ' +
    'Made for a pull request or a CI summary. It verifies nothing itself: it reads the reports that other commands wrote. ' +
    'With --in-toto it verifies the backup in full first, and writes what that proved as the predicate of an in-toto attestation (test-result v0.1); ' +
    "it prints the subject and the predicate type, from which GitHub's actions/attest makes the statement and signs it. The exit code is that of verify.";
  static override usage = '<%= command.id %> [BACKUP] [FLAGS]';
  static override hiddenAliases = ['backup:report'];
  static override examples = [
    '<%= config.bin %> report',
    '<%= config.bin %> report --latest >> "$GITHUB_STEP_SUMMARY"',
    '<%= config.bin %> report --format json',
    '<%= config.bin %> report --latest --in-toto predicate.json --json',
  ];
  static override args = selectionArgs;
  static override flags = {
    latest: latestFlag,
    ...readRemoteFlags,
    format: Flags.option({
      options: ['md', 'json'] as const,
      summary: 'Markdown, or the same as --json',
      default: 'md' as const,
    })(),
    'in-toto': Flags.string({
      summary: 'Verify it now, and write what that proved to a new file, to be attested (- for stdout)',
      helpValue: 'FILE',
    }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Report);
    const json = flags.json || flags.format === 'json';
    const session = await this.open({ ...flags, json });
    const place = flags['in-toto'];
    if (place === '-' && json) {
      throw new BackupError('USAGE', '--in-toto - and the JSON document both go to stdout', {
        hint: 'Give --in-toto FILE; the document has the predicate too.',
      });
    }
    if (place !== undefined && place !== '-')
      (await import('../core/operations/report/in-toto.ts')).checkPlace(path.resolve(place));
    const { select } = await import('../core/import-v1/open-backup.ts');
    const { report } = await import('../core/operations/report.ts');
    const project = await session.project();
    const from = fromRemote(flags, place !== undefined);
    const selected = await select(project, selectorOf(args, flags), process.cwd(), session.context, from);
    const render = process.stdout.isTTY ? renderForReading : renderReport;
    try {
      if (place === undefined)
        return session.finish(await report(selected, project, session.context), render, EXIT.done);
      const { status, inToto } = await prove(selected, project, place, session);
      const summary = await report(selected, project, session.context);
      await writeTo(place, inToto);
      const stream = place === '-' ? process.stderr : process.stdout;
      return session.finish({ ...summary, inToto }, render, exitCodeOfStatus(status), stream);
    } finally {
      selected.dispose();
    }
  }
}

/** Verifies the bytes of which the subject is the hash, so nothing is attested that was not looked at in this run. */
async function prove(
  selected: Awaited<ReturnType<typeof openBackup>>,
  { repository, config }: Project,
  place: string,
  { context }: Session,
): Promise<{ status: VerifyReport['status']; inToto: InToto }> {
  const { describeInToto, subjectOf } = await import('../core/operations/report/in-toto.ts');
  const { signerRule, verify } = await import('../core/operations/verify.ts');
  markAtOnce();
  const subject = subjectOf(selected);
  const options = {
    mode: 'full',
    repository,
    artifactsSha256: subject.sha256,
    signers: signerRule(config, {}),
  } as const;
  const verification = await verify(selected, options, context);
  const predicatePath = place === '-' ? place : path.resolve(place);
  return { status: verification.status, inToto: { ...describeInToto(subject, verification, runUrl()), predicatePath } };
}

async function writeTo(place: string, { predicate, predicatePath }: InToto): Promise<void> {
  const { CANNOT_WRITE, predicateText, writePredicate } = await import('../core/operations/report/in-toto.ts');
  if (place !== '-') return writePredicate(predicatePath, predicate);
  const lost = await writeOut(predicateText(predicate));
  if (lost !== null) throw fromSystemError(lost, CANNOT_WRITE);
}

/** The page of this run, as https://docs.github.com/actions/reference/workflows-and-actions/variables says; undefined elsewhere. */
function runUrl(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env;
  if (!inGitHubActions(env) || server === undefined || repository === undefined || run === undefined) return undefined;
  return `${server}/${repository}/actions/runs/${run}`;
}

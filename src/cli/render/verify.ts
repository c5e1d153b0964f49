import { sayRehearsed } from '../../core/model/say-rehearsed.ts';
import { pathWord, shellLine } from '../../core/model/shell-quote.ts';
import { escapeName } from '../../core/paths/names.ts';
import type { VerifyAllReport, VerifyReport } from '../../core/model/verify-report.ts';
import { renderAdvice, renderFindings } from './findings.ts';
import { formatBytes, formatDuration } from './format.ts';
import { plural } from '../../core/model/plural.ts';
import { wrap, type Paint } from './style.ts';
import { backupWord, pasteable } from '../pasteable.ts';

function paintStatus(status: VerifyReport['status'], paint: Paint): string {
  if (status === 'PASSED') return paint.good(status);
  return status === 'WARNING' ? paint.warn(status) : paint.bad(status);
}

/** What was read, unless that was everything; or what a rehearsal opened. */
function scopeNote(report: VerifyReport, indent = '  '): string[] {
  const { mode, samplePercent, seed, only = [], filesChecked, rehearsed } = report.scope;
  if (rehearsed !== undefined) {
    return [
      wrap(
        `rehearsed: all unpacked, ${escapeName(sayRehearsed(rehearsed, report.findings))}`,
        indent,
        indent.length + 2,
      ),
    ];
  }
  if (mode === 'full') return [];
  const what =
    mode === 'quick'
      ? 'quick: structure and sizes only, no content was read'
      : mode === 'selection'
        ? `--only ${escapeName(only.join(', '))}: ${plural(filesChecked, 'file')} read; of the others, only structure and sizes`
        : `sample: ${filesChecked} of ${plural(report.totals.files, 'file')} (${samplePercent}%), seed ${seed}`;
  return [wrap(`${what}; this does not count as verified`, indent, indent.length)];
}

/** How the command line that is printed next names what was verified. */
export interface Named {
  /** Absolute: where a backup is named by its id. */
  readonly repository?: string;
  /** The words of `--only`, as they were given. */
  readonly only?: readonly string[] | undefined;
}

function nextStep(report: VerifyReport, { repository, only = [] }: Named): string[] {
  if (report.status !== 'FAILED') {
    const words = only.flatMap((word) => ['--only', pathWord(word)]);
    const line = shellLine(['migbackup', 'restore', backupWord(report, repository), ...words, '--dry-run']);
    return [pasteable(`  Next: ${line}`)];
  }
  const next = 'Next: migbackup list shows the other backups; migbackup create takes a new one';
  return [wrap(pasteable(next), '  ', 8)];
}

export function renderVerify(report: VerifyReport, paint: Paint, named: Named = {}): string[] {
  const { files, bytes } = report.totals;
  const problems = report.findings.filter((finding) => finding.severity === 'error').length;
  const size = `${plural(files, 'file')}, ${formatBytes(bytes)}, ${formatDuration(report.durationMs)}`;
  const said = new Set(report.findings.map(({ recommendation }) => recommendation));
  const further = report.recommendations.filter((advice) => !said.has(advice));
  return [
    `  ${paintStatus(report.status, paint)}  ${report.backupId}`,
    `  ${problems > 0 ? `${plural(problems, 'problem')} in ${size}` : size}`,
    ...scopeNote(report),
    ...renderFindings(report.findings, paint),
    ...renderAdvice(further, paint),
    ...(report.reportFile ? [`  Report: ${escapeName(report.reportFile)}`] : []),
    ...nextStep(report, named),
  ];
}

export function renderVerifyAll(report: VerifyAllReport, paint: Paint): string[] {
  const blocks = report.reports.flatMap((one) => {
    const { files, bytes } = one.totals;
    const head = `  ${paintStatus(one.status, paint)}${' '.repeat(9 - one.status.length)}${one.backupId}`;
    return [
      head,
      `           ${plural(files, 'file')}, ${formatBytes(bytes)}, ${formatDuration(one.durationMs)}`,
      ...scopeNote(one, ' '.repeat(11)),
      ...renderFindings(one.findings, paint),
    ];
  });
  const count = plural(report.reports.length, 'backup');
  const { ofOthers } = report;
  const others =
    ofOthers === 0
      ? []
      : [pasteable(`  ${ofOthers} more belong to other projects: migbackup verify --all --all-projects`)];
  return [...blocks, '', `  ${paintStatus(report.status, paint)}  ${count} looked at`, ...others];
}

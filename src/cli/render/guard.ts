import { escapeName } from '../../core/paths/names.ts';
import type { CommandResult, GuardReport } from '../../core/model/guard-report.ts';
import { plural } from '../../core/model/plural.ts';
import type { FindingCode } from '../../core/model/finding-codes.ts';
import { renderFindings } from './findings.ts';
import { renderCopy } from './push.ts';
import { sayChain } from '../../core/model/say-deployments.ts';
import { formatDuration } from './format.ts';
import { table, wrap, type Paint } from './style.ts';
import { pasteable } from '../pasteable.ts';

/** Paths that are named; the others are counted, and JSON has them all. */
const NAMED = 5;

function howItEnded({ exitCode, signal, problem }: CommandResult): string {
  if (problem !== null) return `could not be started: ${escapeName(problem)}`;
  return signal === null ? `exit code ${exitCode}` : `ended by ${signal}`;
}

function renderCommand(what: string, result: CommandResult): string {
  const command = result.command.map(escapeName).join(' ');
  return wrap(`${command}  (${howItEnded(result)}, ${formatDuration(result.durationMs)})`, `  ${what}  `, 11);
}

const has = ({ findings }: GuardReport, wanted: FindingCode): boolean => findings.some(({ code }) => code === wanted);

/** Whether the changes are not known. A finding says so then, and nothing else is printed about them. */
const areChangesUnknown = (report: GuardReport): boolean => has(report, 'changes-not-known');

function renderChanges(report: GuardReport): string[] {
  if (areChangesUnknown(report)) return [];
  const { changes, paths } = report;
  if (paths.length === 0) return ['  It changed nothing that the backup covers.'];
  const names = paths.map(({ path }) => path);
  // The figures count only files.
  if (Object.keys(changes).length === 0) return [nameFew(names, '  folders only: ')];
  const rows = Object.entries(changes).map(([name, { added, changed, removed }]) => [
    escapeName(name),
    `${added} added`,
    `${changed} changed`,
    `${removed} removed`,
  ]);
  return table(rows, ['left', 'right', 'right', 'right']);
}

/** @param count how many there are, if they are not all in `names` */
function nameFew(names: readonly string[], label: string, count = names.length): string {
  const shown = names.slice(0, NAMED).map(escapeName).join(', ');
  const more = count > NAMED ? `, and ${count - NAMED} more (--json names them)` : '';
  return wrap(`${shown}${more}`, label, 4);
}

/** What it lost, whatever its exit code; under `no-loss` a finding names what is not allowed. */
function renderLoss(report: GuardReport): string[] {
  const { expect, loss } = report;
  if (loss === null) return [];
  const { databases, deployments } = loss;
  if (expect !== null && databases.length + deployments.lost === 0) return [sayNoLoss(loss)];
  return [
    ...databases.flatMap((database) => renderDatabase(database, expect)),
    ...renderDeployments(deployments, expect),
  ];
}

type Loss = NonNullable<GuardReport['loss']>;

function sayNoLoss({ looked, notCompared }: Loss): string {
  const is = notCompared.length > 0 ? 'is known to be lost' : 'is lost';
  const databases =
    looked.of === 0
      ? 'the backup holds no database'
      : `${looked.databases} of ${plural(looked.of, 'database')} looked at`;
  return `  No record or deployment ${is}: ${databases}.`;
}

function renderDatabase(database: Loss['databases'][number], expect: GuardReport['expect']): string[] {
  const { path, gone, lost, notAllowed, records } = database;
  const count = expect === null ? (lost ?? 0) : (lost ?? 0) - (notAllowed ?? 0);
  if (expect !== null && count === 0 && notAllowed !== 0) return [];
  const { mark, as } = how(expect);
  const of = lost === null ? 'all its records' : plural(count, 'record');
  if (gone && (expect === null || notAllowed === 0))
    return [wrap(`${escapeName(path)} is gone, with ${of}${as}`, mark, 4)];
  const shown = records.flatMap(({ key, allowed }) => (expect === null || allowed ? [key] : []));
  return [nameFew(shown, `${mark}${escapeName(path)} lost ${of}${as}: `, count)];
}

function renderDeployments(deployments: Loss['deployments'], expect: GuardReport['expect']): string[] {
  const { lost, notAllowed, records } = deployments;
  const count = expect === null ? lost : lost - notAllowed;
  if (count === 0) return [];
  const { mark, as } = how(expect);
  const shown = records.filter(({ allowed }) => expect === null || allowed).slice(0, NAMED);
  const said = shown.map(({ name, chainId, address, file }) => {
    const what = name === null ? '' : `${escapeName(name)} on `;
    return wrap(
      `${what}${escapeName(sayChain(chainId))}: ${escapeName(address)}, was in ${escapeName(file)}`,
      '    - ',
      8,
    );
  });
  const more = count - said.length;
  return [
    `${mark}lost${as}: ${plural(count, 'deployment')} ${count === 1 ? 'is' : 'are'} recorded no more`,
    ...said,
    ...(more > 0 ? [`      and ${more} more (--json names them)`] : []),
  ];
}

function how(expect: GuardReport['expect']): { mark: string; as: string } {
  return expect === null ? { mark: '  ! ', as: '' } : { mark: '  - ', as: ', as --allow-loss says' };
}

function renderEnding(report: GuardReport, paint: Paint): string[] {
  const lost = has(report, 'way-back-lost') ? `; ${paint.bad('the way back is lost')}` : '';
  if (report.outcome === 'succeeded') {
    const undo = report.next.map((line) => pasteable(`  Take it back: ${line}`));
    return [`  ${paint.good('succeeded')}  the changes stay${lost}`, `  backup  ${report.backupId}`, ...undo];
  }
  if (report.outcome === 'rolled-back') {
    const kept = report.safetyBackup;
    return [
      `  ${paint.warn('rolled back')}  everything that the backup holds is as it was`,
      `  backup  ${report.backupId}`,
      ...(kept === null ? [] : [`  what the command left is in ${kept}`]),
    ];
  }
  const failed = endedWell(report) ? 'the command counts as failed' : 'the command failed';
  if (report.paths.length === 0 && !areChangesUnknown(report))
    return [`  ${paint.bad('kept')}  ${failed}; there is nothing to take back`, `  backup  ${report.backupId}`];
  return [
    `  ${paint.bad('kept')}  ${failed}; everything is as it left it${lost}`,
    ...(report.external.length > 0
      ? ['  Transactions were sent to a chain: going back would lose their records.']
      : []),
    `  backup  ${report.backupId}`,
    ...report.next.map((line) => pasteable(`  Go back:      ${line}`)),
    '  Or go on:     remove the cause and run the command again',
  ];
}

/** Then it failed because of what it lost. */
function endedWell({ result, checks, interrupted }: GuardReport): boolean {
  return interrupted === null && [result, ...checks].every(({ exitCode }) => exitCode === 0);
}

function sayOutside(count: number): string {
  return count === 1
    ? '  1 path is not in the backup and stays as the command left it: '
    : `  ${count} paths are not in the backup and stay as the command left them: `;
}

export function renderGuard(report: GuardReport, paint: Paint): string[] {
  return [
    '',
    ...(report.signature ? [wrap(`signed by ${report.signature.fingerprint}`, '  ', 4)] : []),
    ...(report.copies ?? []).map((copy) => renderCopy(copy, paint)),
    renderCommand('command', report.result),
    ...report.checks.map((check) => renderCommand('check  ', check)),
    ...(report.interrupted === null ? [] : [`  ! interrupted by ${report.interrupted}, so it counts as failed`]),
    ...renderChanges(report),
    ...(report.external.length > 0 ? [nameFew(report.external, '  ! sent to a chain: ')] : []),
    ...(report.outside.length > 0 ? [nameFew(report.outside, sayOutside(report.outside.length))] : []),
    ...renderLoss(report),
    ...renderFindings(report.findings, paint),
    ...renderEnding(report, paint),
    ...(report.reportFile === null ? [] : [`  Report: ${escapeName(report.reportFile)}`]),
  ];
}

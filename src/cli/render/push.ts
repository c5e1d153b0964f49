import { copiesIn } from '../../core/model/copies-in.ts';
import { plural } from '../../core/model/plural.ts';
import type { PushedCopy, PushReport } from '../../core/model/push-report.ts';
import { escapeName } from '../../core/paths/names.ts';
import { pasteable } from '../pasteable.ts';
import { renderFindings } from './findings.ts';
import { formatBytes, formatDuration } from './format.ts';
import { wrap, type Paint } from './style.ts';

export function renderCopy(copy: PushedCopy, paint: Paint): string {
  const words = {
    pushed: paint.good('pushed'),
    there: 'was there',
    extended: paint.good('was there, and is locked longer now'),
    failed: paint.bad('failed'),
  };
  const lock = copy.lock === null ? '' : `, locked until ${copy.lock.until.slice(0, 10)} (${copy.lock.mode})`;
  const readers = copy.encryptedFor === null ? '' : `, encrypted for ${plural(copy.encryptedFor.length, 'key')}`;
  const name = copy.remote === copy.place ? '' : `${escapeName(copy.remote)}: `;
  return wrap(`${name}${escapeName(copy.place)}${lock}${readers}`, `      ${words[copy.outcome]}  `, 8);
}

/** Each backup with a line for each remote. */
export function renderPush(report: PushReport, paint: Paint): string[] {
  const { backups, minCopies } = report;
  const lacking = backups.filter(({ copies }) => copiesIn(copies) < minCopies);
  const [first] = backups;
  return [
    ...(first === undefined ? ['  every backup of this project is there'] : []),
    ...backups.flatMap(({ backupId, bytes, copies }) => [
      `  ${paint.bold(backupId)}  ${formatBytes(bytes)}`,
      ...copies.map((copy) => renderCopy(copy, paint)),
    ]),
    ...(lacking.length === 0
      ? []
      : [paint.bad(`  ${plural(lacking.length, 'backup')} with fewer than ${plural(minCopies, 'copy', 'copies')}`)]),
    ...renderFindings(report.findings, paint),
    ...(first === undefined ? [] : [`  in ${formatDuration(report.durationMs)}`, next(report)]),
  ];
}

function next({ backups }: PushReport): string {
  const copy = backups[0]?.copies.find(({ outcome }) => outcome !== 'failed');
  if (copy === undefined) return pasteable('  Next: migbackup push');
  return pasteable(`  Next: migbackup verify ${backups[0]?.backupId} --remote ${escapeName(copy.remote)}`);
}

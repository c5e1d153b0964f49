import path from 'node:path';
import { escapeName } from '../../core/paths/names.ts';
import type { StatusBackup, StatusReport } from '../../core/model/status-report.ts';
import { nameSome } from './findings.ts';
import { formatAge, formatTime, plural } from './format.ts';
import { wrap, type Paint } from './style.ts';
import { pasteable } from '../pasteable.ts';

const INDENT = 14;

function line(label: string, text: string): string {
  return wrap(text, `  ${label.padEnd(INDENT - 2)}`, INDENT);
}

function proofOf({ status, problem, lastVerification: last }: StatusBackup): string {
  if (status === 'forbidden') return `may not be read: ${escapeName(problem ?? '')}`;
  if (problem !== null) return `damaged: ${escapeName(problem)}`;
  if (last === null) return 'not verified';
  const when = formatAge(new Date(last.time), new Date());
  if (last.status === 'FAILED') return `verification FAILED ${when}`;
  return last.scope === 'full' ? `verified in full ${when}` : `not verified in full (${last.scope} ${when})`;
}

function renderBackup(label: string, backup: StatusBackup): string[] {
  const age = formatAge(new Date(0), new Date(backup.ageSeconds * 1000));
  const files = backup.files === null ? null : plural(backup.files, 'file');
  const facts = [age, backup.completeness, files, proofOf(backup)].filter((fact) => fact !== null);
  return [line(label, backup.id), line('', facts.join(', '))];
}

function renderLost({ lost }: StatusReport, paint: Paint): string[] {
  if (lost === null) return [];
  const hidden = lost.problem === null ? lost.newer : { backupId: lost.backupId, problem: lost.problem };
  const notCompared =
    hidden === null ? [] : [line('gone?', `not compared with ${hidden.backupId}: ${escapeName(hidden.problem)}`)];
  if (lost.gone.length === 0) return notCompared;
  const places = lost.gone.map((gone) => (gone.records === null ? gone.path : `${gone.path} (empty now)`));
  const text = line('gone', `${nameSome(places)}, since ${lost.backupId}`);
  return [text.replace('gone', paint.bad('gone')), ...notCompared];
}

/** What is gone comes first; then what is where, what is unfinished, and what to do. */
export function renderStatus(report: StatusReport, paint: Paint): string[] {
  const { backups, latest, newer, pending, undo, next } = report;
  const hidden = pending.some(({ what }) => what === 'not-seen');
  const counts = [
    plural(backups.migration, 'backup'),
    ...(backups.safety === 0 ? [] : [plural(backups.safety, 'safety backup')]),
    ...(backups.ofOthers === 0 ? [] : [`${backups.ofOthers} of other projects`]),
  ];
  return [
    ...renderLost(report, paint),
    line('project', `${escapeName(path.basename(report.root))} in ${escapeName(report.root)}`),
    line('repository', `${escapeName(report.repository)}: ${counts.join(', ')}`),
    ...(latest === null ? [line('latest', 'no backup yet')] : renderBackup('latest', latest)),
    ...(newer === null ? [] : renderBackup('newer', newer)),
    ...pending.map(({ what, message }) => line(what === 'not-seen' ? 'not seen' : 'unfinished', message)),
    undo === null
      ? line('way back', hidden ? 'not known' : 'there is nothing to undo')
      : line('way back', `undo takes back the ${undo.operation} of ${formatTime(new Date(undo.time))}`),
    ...next.map((command) => pasteable(`  Next: ${command}`)),
  ];
}

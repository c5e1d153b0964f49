import type { ChangedLeaf, ChangedRecord, DbDiffReport } from '../../core/model/db-diff-report.ts';
import { escapeName } from '../../core/paths/names.ts';
import { formatBytes, formatDuration } from './format.ts';
import { plural } from '../../core/model/plural.ts';
import { wrap, type Paint } from './style.ts';

const SIGN = { added: '+', removed: '-', changed: '~' } as const;
const MAX_VALUE = 60;

function nameOf({ database, backupId, records }: DbDiffReport['before']): string {
  return `${backupId === null ? '' : `${backupId}:`}${escapeName(database)}, ${plural(records, 'record')}`;
}

function value(text: string | null): string {
  const shown = escapeName(text ?? 'nothing');
  return shown.length > MAX_VALUE ? `${shown.slice(0, MAX_VALUE)}…` : shown;
}

function renderLeaf({ pointer, before, after }: ChangedLeaf): string {
  return `      ${pointer === '' ? 'the value' : escapeName(pointer)}: ${value(before)} -> ${value(after)}`;
}

/** The first digits of a hash are enough to see that it differs; `--json` has all of them. */
function short(sha256: string | null): string {
  return (sha256 ?? '').slice(0, 12);
}

function renderChange(record: ChangedRecord): string[] {
  const { change, key, bytesBefore, bytesAfter, sha256Before, sha256After, leaves, moreLeaves } = record;
  const bytes = bytesAfter ?? bytesBefore ?? 0;
  if (change !== 'changed') return [`  ${SIGN[change]} ${key}  (${formatBytes(bytes)})`];
  if (leaves === null) {
    const was = `${formatBytes(bytesBefore ?? 0)} ${short(sha256Before)}`;
    return [`  ~ ${key}  (${was} -> ${formatBytes(bytesAfter ?? 0)} ${short(sha256After)})`];
  }
  const more = moreLeaves > 0 ? [`      and ${moreLeaves} more`] : [];
  return [`  ~ ${key}`, ...leaves.map(renderLeaf), ...more];
}

export function renderDbDiff(report: DbDiffReport, paint: Paint): string[] {
  const { before, after, counts, changes, moreChanges, same, durationMs } = report;
  const { added, removed, changed } = counts;
  const more = moreChanges > 0 ? [`    and ${moreChanges} more: --limit lists them`] : [];
  const verdict = same
    ? `  ${paint.good('same')}  ${plural(counts.same, 'record')}, nothing differs`
    : `  ${added} added, ${removed} removed, ${changed} changed, ${counts.same} the same`;
  return [
    wrap(nameOf(before), `  ${paint.dim('before')}  `, 10),
    wrap(nameOf(after), `  ${paint.dim('after')}   `, 10),
    ...changes.flatMap(renderChange),
    ...more,
    verdict,
    `  every record of both was read, ${formatDuration(durationMs)}`,
  ];
}

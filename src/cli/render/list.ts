import { escapeName } from '../../core/paths/names.ts';
import type { ListedBackup, ListReport } from '../../core/model/list-report.ts';
import { renderFindings } from './findings.ts';
import { formatAge, formatBytes, formatText, sayCopy, saySigner } from './format.ts';
import { plural } from '../../core/model/plural.ts';
import { wrap, type Paint } from './style.ts';
import { pasteable } from '../pasteable.ts';

function ageOf(backup: ListedBackup): string {
  return formatAge(new Date(0), new Date(backup.ageSeconds * 1000));
}

function proofOf({ lastVerification: last }: ListedBackup, paint: Paint): string {
  if (last === null) return 'no verification on record';
  const full = last.rehearsed ? ', rehearsed' : '';
  const how = last.mode === 'full' ? full : ` (${last.mode} only: does not count)`;
  const status = last.status === 'FAILED' ? paint.bad('FAILED') : last.status;
  return `last verified ${formatAge(new Date(last.time), new Date())}: ${status}${how}`;
}

function whose({ project: { name, root } }: ListedBackup): string {
  const known = [name, root].filter((text) => text !== null).map(escapeName);
  return known.length === 0 ? 'its project is not known' : `of another project: ${known.join(', ')}`;
}

function renderBackup(backup: ListedBackup, paint: Paint): string[] {
  const id = paint.bold(backup.backupId);
  if (backup.status !== 'readable') {
    const how = backup.status === 'damaged' ? 'damaged' : 'no permission to read it';
    return [`  ${id}  ${paint.bad(how)}`, wrap(escapeName(backup.problem ?? 'unreadable'), '      ', 6)];
  }
  if (backup.copy !== undefined) return renderCopy(backup, backup.copy, paint);
  // The size of a backup of format version 1 is known only once it is read.
  const weight = backup.bytes === null ? '' : `, ${formatBytes(backup.bytes)}`;
  // The ID of a safety backup says what it is.
  const word = backup.kind === 'migration' && backup.completeness !== null ? `, ${backup.completeness}` : '';
  const size = `${plural(backup.files ?? 0, 'file')}${weight}${word}`;
  const tags = Object.entries(backup.tags).map(([key, value]) => `${key}=${value}`);
  const about = [backup.note, ...tags].filter((text) => text !== null).map(formatText);
  return [
    wrap(`${size}, ${ageOf(backup)}`, `  ${id}  `, 6),
    ...(backup.project.own ? [] : [wrap(whose(backup), '      ', 6)]),
    ...(about.length > 0 ? [wrap(about.join(', '), '      ', 6)] : []),
    wrap(`${proofOf(backup, paint)}${backup.holdsSecrets ? '; holds secrets' : ''}`, '      ', 6),
    ...signerLine(backup),
    ...(backup.copies.length === 0 ? [] : [wrap(`copies: ${backup.copies.map(sayCopy).join('; ')}`, '      ', 6)]),
  ];
}

function renderCopy(backup: ListedBackup, copy: NonNullable<ListedBackup['copy']>, paint: Paint): string[] {
  const { mode, until } = copy.lock ?? {};
  const lock = until === undefined ? 'no lock' : `locked until ${until.slice(0, 10)} (${mode})`;
  const encrypted = copy.encryptedFor === null ? '' : `, encrypted for ${copy.encryptedFor.join(', ')}`;
  return [
    wrap(
      `${formatBytes(copy.bytes)}, ${backup.completeness}, ${ageOf(backup)}`,
      `  ${paint.bold(backup.backupId)}  `,
      6,
    ),
    ...(backup.project.own ? [] : [wrap(whose(backup), '      ', 6)]),
    wrap(
      `copy ${copy.tag}, pushed ${formatAge(new Date(copy.pushedAt), new Date())}, ${lock}${encrypted}`,
      '      ',
      6,
    ),
    ...signerLine(backup),
  ];
}

/** Whether the files are those that were signed is not looked at here. */
function signerLine({ signer }: ListedBackup): string[] {
  return signer ? [wrap(`signed by ${saySigner(signer)}`, '      ', 6)] : [];
}

function nextStep(report: ListReport): string {
  if (report.unfinishedTransaction) return wrapNext('A restore was interrupted. Next: migbackup recover');
  const { severity } = report.findings.find(({ code }) => code === 'repository-missing') ?? {};
  // No backup can be taken there.
  if (severity === 'error') return pasteable('  Next: migbackup validate');
  if (report.remote !== undefined) {
    const there = `--remote ${escapeName(report.remote)}`;
    if (report.backups.length === 0) return wrapNext(`Next: migbackup push ${there}`);
    return wrapNext(`Next: migbackup verify ID ${there}   or   migbackup pull ID ${there}`);
  }
  if (report.backups.length === 0) return pasteable('  Next: migbackup create');
  return wrapNext('Next: migbackup show ID   or   migbackup verify ID');
}

const wrapNext = (text: string): string => wrap(pasteable(text), '  ', 8);

/** Newest first, with two or three short lines for each backup. */
export function renderList(report: ListReport, paint: Paint): string[] {
  const { backups, ofOthers, repository } = report;
  const of = ofOthers === 0 ? '' : 'of this project ';
  const isMissing = report.findings.some(({ code }) => code === 'repository-missing');
  const none =
    backups.length === 0 && !isMissing ? [wrap(`no backups ${of}in ${escapeName(repository)}`, '  ', 4)] : [];
  const there = report.remote === undefined ? '' : ` --remote ${escapeName(report.remote)}`;
  const belong = ofOthers === 1 ? 'belongs' : 'belong';
  const all = `${ofOthers} more ${belong} to other projects: migbackup list${there} --all-projects`;
  const others = ofOthers === 0 ? [] : [wrapNext(all)];
  return [
    ...none,
    ...report.backups.flatMap((backup) => renderBackup(backup, paint)),
    ...others,
    ...renderFindings(report.findings, paint),
    nextStep(report),
  ];
}

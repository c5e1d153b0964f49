import type { KeyDrillReport, KeyNewReport, KeyResealReport } from '../../core/model/key-report.ts';
import { escapeName } from '../../core/paths/names.ts';
import { pasteable } from '../pasteable.ts';
import { renderFindings } from './findings.ts';
import { formatBytes } from './format.ts';
import { wrap, type Paint } from './style.ts';

/** What was made, and what has to happen now so that it is not lost. The recipient is one word on a line of its own, to be copied. */
export function renderKeyNew({ fingerprint, recipient, file, next }: KeyNewReport, paint: Paint): string[] {
  return [
    `  ${paint.good('made')}  ${fingerprint}`,
    `  ${recipient}`,
    wrap(escapeName(file), '  in  ', 6),
    '',
    wrap('Whoever has this file can read what is encrypted for it. Without it, nobody can. Now:', '  ', 2),
    wrap('Keep a second copy of the file where a loss of this machine does not reach it.', '  1. ', 5),
    wrap('Put the recipient above into "encryptTo" of a remote in the config, and push.', '  2. ', 5),
    wrap('Prove that the key opens the copy, once now and then from time to time.', '  3. ', 5),
    ...next.map((line) => pasteable(`  Next: ${line}`)),
  ];
}

export function renderKeyDrill(report: KeyDrillReport, paint: Paint): string[] {
  const { backupId, openedBy, recipients, place, file, findings } = report;
  const others = recipients.filter((one) => one !== openedBy);
  const by = openedBy === null ? 'a key that cannot be told' : `the key of ${escapeName(openedBy)}`;
  return [
    `  ${paint.good('opened')}  ${backupId}`,
    wrap(by, '  with    ', 10),
    wrap(escapeName(place), '  from    ', 10),
    wrap(`${escapeName(file.path)} (${formatBytes(file.bytes)}) came back as the index says`, '  file    ', 10),
    ...(others.length === 0 || openedBy === null
      ? []
      : [wrap(`${others.map(escapeName).join(', ')} (not tried)`, '  also for  ', 12)]),
    ...renderFindings(findings, paint),
    pasteable(`  Next: migbackup verify ${backupId} --remote ${escapeName(report.remote)} --deep`),
  ];
}

export function renderKeyReseal({ copies, recipients, remote, findings }: KeyResealReport, paint: Paint): string[] {
  const words = { resealed: paint.good('resealed'), there: 'was there', failed: paint.bad('failed') };
  return [
    ...(copies.length === 0 ? [wrap('no encrypted copy of this project is there', '  ', 2)] : []),
    ...copies.flatMap(({ backupId, outcome, error }) => [
      `  ${words[outcome]}  ${backupId}`,
      ...(error === null ? [] : [wrap(error.message, '      ', 6)]),
    ]),
    wrap(recipients.map(escapeName).join(', '), '  for  ', 7),
    ...renderFindings(findings, paint),
    pasteable(`  Next: migbackup key drill --remote ${escapeName(remote)}`),
  ];
}

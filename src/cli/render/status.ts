import path from 'node:path';
import { escapeName } from '../../core/paths/names.ts';
import { ENGINE_TITLES } from '../../core/model/engine-name.ts';
import type { Pending, StatusBackup, StatusReport } from '../../core/model/status-report.ts';
import { nameSome } from './findings.ts';
import { formatAge, formatTime, sayCopy } from './format.ts';
import { plural } from '../../core/model/plural.ts';
import { wrap, type Paint } from './style.ts';
import { pasteable } from '../pasteable.ts';

const INDENT = 14;
/** The label of each kind of unfinished work. */
const PENDING: Readonly<Record<Pending['what'], string>> = {
  running: 'running',
  'restore-unfinished': 'unfinished',
  'guard-interrupted': 'unfinished',
  'guard-failed': 'unfinished',
  'guard-running': 'unfinished',
  'not-seen': 'not seen',
};

function line(label: string, text: string): string {
  return wrap(text, `  ${label.padEnd(INDENT - 2)}`, INDENT);
}

function proofOf({ status, problem, lastVerification: last }: StatusBackup): string {
  if (status === 'forbidden') return `no permission to read it: ${escapeName(problem ?? '')}`;
  if (problem !== null) return `damaged: ${escapeName(problem)}`;
  if (last === null) return 'not verified';
  const when = formatAge(new Date(last.time), new Date());
  if (last.status === 'FAILED') return `verification FAILED ${when}`;
  return last.mode === 'full' ? `verified in full ${when}` : `not verified in full (${last.mode} ${when})`;
}

function renderBackup(label: string, backup: StatusBackup): string[] {
  const age = formatAge(new Date(0), new Date(backup.ageSeconds * 1000));
  const files = backup.files === null ? null : plural(backup.files, 'file');
  const facts = [age, backup.completeness, files, proofOf(backup)].filter((fact) => fact !== null);
  return [line(label, backup.backupId), line('', facts.join(', '))];
}

function renderLost({ lost }: StatusReport, paint: Paint): string[] {
  return lost.flatMap(({ backupId, gone, problem, newer }) => {
    const hidden = [problem === null ? null : { backupId, problem }, newer].filter((one) => one !== null);
    const notCompared = hidden.map((one) =>
      line('gone?', `not compared with ${one.backupId}: ${escapeName(one.problem)}`),
    );
    if (gone.length === 0) return notCompared;
    const places = gone.map(({ path: place, records, bytes, noLonger }) => {
      if (noLonger !== null) return `${place} (no ${ENGINE_TITLES[noLonger]} database any more)`;
      return records === null && bytes === null ? place : `${place} (empty now)`;
    });
    const text = line('gone', `${nameSome(places)}, since ${backupId}`);
    return [text.replace('gone', paint.bad('gone')), ...notCompared];
  });
}

/** Why it is not known what undo takes back; null if it is known. While a restore may be unfinished, its end decides that. */
function whyNotKnown({ pending }: StatusReport): string | null {
  if (pending.some(({ what }) => what === 'not-seen')) return 'not known';
  if (pending.some(({ what }) => what === 'running' || what === 'restore-unfinished'))
    return 'not known until that has ended';
  return null;
}

function wayBackProblem(problem: string | null): string {
  return problem === null
    ? 'there is nothing to undo'
    : `what undo takes back cannot be determined: ${escapeName(problem)}`;
}

/** Where copies of the latest backup are as far as that is known, and where there is none. */
function renderCopies({ latest, notPushedTo, asked, notDrilled }: StatusReport, paint: Paint): string[] {
  const copies = latest?.copies ?? [];
  const there = copies.filter(({ missing }) => !missing).map(sayCopy);
  const missing = [
    ...copies.filter((copy) => copy.missing).map(sayCopy),
    ...notPushedTo.map((name) => `${escapeName(name)}: no copy known`),
  ];
  const silent = asked.flatMap(({ remote, error }) =>
    error === null ? [] : [`${escapeName(remote)}: ${escapeName(error.message)}. ${escapeName(error.hint)}`],
  );
  const newer = asked.flatMap((one) => (one.newer === null ? [] : [`${escapeName(one.remote)} has ${one.newer}`]));
  return [
    ...(there.length === 0 ? [] : [line('copies', there.join('; '))]),
    ...(missing.length === 0 ? [] : [line('missing', missing.join('; ')).replace('missing', paint.bad('missing'))]),
    ...notDrilled.map((name) =>
      line(
        'keys',
        pasteable(
          `${escapeName(name)}: never opened since it was encrypted for the keys of the config; run: migbackup key drill --remote ${escapeName(name)}`,
        ),
      ),
    ),
    ...newer.map((text) => line('only there', text)),
    ...silent.map((text) => line('no answer', text)),
  ];
}

/** What is gone comes first; then what is where, what is unfinished, and what to do. */
export function renderStatus(report: StatusReport, paint: Paint): string[] {
  const { backups, latest, newer, pending, repositoryProblem, undo, undoProblem, next } = report;
  const counts = [
    plural(backups.migration, 'backup'),
    ...(backups.safety === 0 ? [] : [plural(backups.safety, 'safety backup')]),
    ...(backups.ofOthers === 0 ? [] : [`${backups.ofOthers} of other projects`]),
  ];
  return [
    ...renderLost(report, paint),
    line('project', `${escapeName(path.basename(report.root))} in ${escapeName(report.root)}`),
    ...(report.configProblem === null ? [] : [line('config', `treated as lost: ${escapeName(report.configProblem)}`)]),
    line(
      'repository',
      `${escapeName(report.repository)}${repositoryProblem === null ? `: ${counts.join(', ')}` : pasteable(repositoryProblem.replace(/^it/, ''))}`,
    ),
    ...(latest === null
      ? [line('latest', repositoryProblem === null ? 'no backup yet' : 'not known')]
      : renderBackup('latest', latest)),
    ...renderCopies(report, paint),
    ...(newer === null ? [] : renderBackup('newer', newer)),
    ...pending.map(({ what, message }) => line(PENDING[what], message)),
    undo === null
      ? line('way back', whyNotKnown(report) ?? wayBackProblem(undoProblem))
      : line('way back', `undo takes back the ${undo.operation} of ${formatTime(new Date(undo.time))}`),
    ...next.map((command) => pasteable(`  Next: ${command}`)),
  ];
}

import { escapeName } from '../../core/paths/names.ts';
import type { Answer, BackupSummary } from '../../core/model/backup-summary.ts';
import { ENGINE_TITLES } from '../../core/model/engine-name.ts';
import { sayRecords } from '../../core/model/say-records.ts';
import { formatBytes, formatText } from './format.ts';
import { wrap } from './style.ts';
import { pasteable } from '../pasteable.ts';

const SHOWN = 50;

/** Text that stays text in a Markdown table or line, whatever a file is called. */
function plain(text: string): string {
  return markdown(escapeName(text));
}

const markdown = (shown: string): string => shown.replaceAll(/[\\`*_{}[\]<>()#+!|~]/g, String.raw`\$&`);

function answerRow(question: string, { yes, evidence }: Answer): string {
  return `| ${question} | ${yes ? 'yes' : '**no**'} | ${plain(evidence)} |`;
}

function renderCategories({ categories, totals }: BackupSummary): string[] {
  const rows = Object.entries(categories)
    .filter(([, { status }]) => status !== 'absent')
    .map(([name, { status, files, bytes, archivedBytes, records }]) =>
      [plain(name), status, files, formatBytes(bytes), formatBytes(archivedBytes), records ?? ''].join(' | '),
    );
  return [
    '| category | status | files | size | stored | records |',
    '|---|---|---:|---:|---:|---:|',
    ...rows.map((row) => `| ${row} |`),
    `| **all** |  | ${totals.files} | ${formatBytes(totals.bytes)} | ${formatBytes(totals.archivedBytes)} |  |`,
  ];
}

function renderDatabases({ databases }: BackupSummary): string[] {
  if (databases.length === 0) return [];
  const rows = databases.map(({ path, engine, records, digest }) =>
    [plain(path), ENGINE_TITLES[engine], sayRecords({ engine, records }), digest ?? ''].join(' | '),
  );
  return [
    '',
    '### Databases',
    '',
    '| database | engine | records | digest |',
    '|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
  ];
}

function renderDeployments({ deployments }: BackupSummary): string[] {
  if (deployments.addresses === 0) return [];
  const rows = Object.entries(deployments.chains).map(([chainId, { addresses, local }]) => {
    const files = new Set(deployments.recorded.filter((each) => each.chainId === chainId).map(({ file }) => file));
    return [`${plain(chainId)}${local ? ' (local)' : ''}`, addresses, files.size].join(' | ');
  });
  return [
    '',
    '### Deployments',
    '',
    '| chain | addresses | registries |',
    '|---|---:|---:|',
    ...rows.map((row) => `| ${row} |`),
  ];
}

function renderCopies({ copies, notPushedTo }: BackupSummary): string[] {
  if (copies.length === 0 && notPushedTo.length === 0) return [];
  const rows = copies.map(({ remote, pushedAt, seenAt, lockedUntil, missing }) =>
    [
      plain(remote),
      pushedAt,
      missing ? `**not there any more** at ${seenAt}` : (seenAt ?? 'not asked since'),
      lockedUntil ?? 'no lock',
    ].join(' | '),
  );
  return [
    '',
    '### Copies',
    '',
    '| remote | pushed | seen | locked until |',
    '|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
    ...notPushedTo.map((name) => `| ${plain(name)} | **no copy known** |  |  |`),
  ];
}

function renderFindings({ findings }: BackupSummary): string[] {
  if (findings.length === 0) return [];
  const more = findings.length - SHOWN;
  return [
    '',
    '### Findings',
    '',
    ...findings.slice(0, SHOWN).map(({ severity, message }) => `- ${severity}: ${plain(message)}`),
    ...(more > 0 ? [pasteable(`- and ${more} more: \`migbackup report --format json\` has all of them`)] : []),
  ];
}

/** What goes to whoever signs, by the names of the inputs of `actions/attest`. */
function renderInToto({ inToto }: BackupSummary): string[] {
  if (inToto === undefined) return [];
  const { predicate, subjectName, subjectDigest, predicateType, predicatePath } = inToto;
  const { result, passedTests, warnedTests, failedTests } = predicate;
  const rows = Object.entries({
    'subject-name': subjectName,
    'subject-digest': subjectDigest,
    'predicate-type': predicateType,
    'predicate-path': predicatePath,
  });
  const tests = Object.entries({ passed: passedTests, warned: warnedTests, failed: failedTests });
  return [
    '',
    '### To be attested',
    '',
    `${result}; ${tests.map(([what, names]) => `${what}: ${names.length === 0 ? 'none' : plain(names.join(', '))}`).join('; ')}`,
    '',
    '| input | value |',
    '|---|---|',
    ...rows.map(([name, value]) => `| ${name} | ${plain(value)} |`),
  ];
}

/** Markdown that fits a pull request or `$GITHUB_STEP_SUMMARY`: four answers first, then what they rest on. */
export function renderReport(summary: BackupSummary): string[] {
  const { coverage, verifiedInFull, rehearsed, wayBackTested } = summary.answers;
  const about = [summary.project, summary.note]
    .filter((text) => text !== null)
    .map((text) => markdown(formatText(text)));
  return [
    `## Backup ${plain(summary.backupId)}`,
    '',
    ...(about.length > 0 ? [about.join(': '), ''] : []),
    `It is ${summary.completeness}.`,
    '',
    '| question | answer | evidence |',
    '|---|---|---|',
    answerRow('All state covered?', coverage),
    answerRow('Verified in full?', verifiedInFull),
    answerRow('Rehearsed?', rehearsed),
    answerRow('Way back tested?', wayBackTested),
    '',
    ...renderCategories(summary),
    ...renderCopies(summary),
    ...renderDatabases(summary),
    ...renderDeployments(summary),
    ...renderFindings(summary),
    ...renderInToto(summary),
  ];
}

/** The same for a terminal, with lines broken between words. This is no longer Markdown, in which each row of a table is one line. */
export function renderForReading(summary: BackupSummary): string[] {
  return renderReport(summary).map((line) => wrap(line, '', 2));
}

import { plural } from '../../core/model/plural.ts';
import { isAccountedFor, RECORD_STATUSES, type RecordStatus } from '../../core/model/record-status.ts';
import type {
  ReconcileAllReport,
  ReconciledDatabase,
  ReconciledRecord,
  ReconciledValue,
  ReconcileReport,
} from '../../core/model/reconcile-report.ts';
import { escapeName } from '../../core/paths/names.ts';
import { renderFindings } from './findings.ts';
import { fieldOf, MAX_NAME, NAMED, sayField, shortened, some } from './reconcile-names.ts';
import { proposeRules } from './reconcile-rules.ts';
import { wrap, type Paint } from './style.ts';

const MAX_TEXT = 40;

function text(value: unknown): string {
  return shortened(typeof value === 'string' ? value : JSON.stringify(value), MAX_TEXT);
}

interface Change {
  readonly how: string;
  readonly keys: string[];
}

/** `networkName, now at /network: bsc -> bscmainnet (5), bscTestnet -> bsctestnet (6), 2 more`, a line for each field. */
function sayChanged(records: readonly ReconciledRecord[], report: ReconciledDatabase): string[] {
  const fields = new Map<string, Map<string, Change>>();
  for (const record of records)
    for (const { path, status, was, now } of record.values) {
      if (status !== 'changed') continue;
      const field = fieldOf(path, record, report);
      const changes = fields.get(field) ?? new Map<string, Change>();
      const how = `${text(was)} -> ${now === undefined ? 'something else' : text(now)}`;
      const change = changes.get(how) ?? { how, keys: [] };
      change.keys.push(record.key);
      fields.set(field, changes.set(how, change));
    }
  return [...fields].map(([field, changes]) => {
    const [place] = report.places[field] ?? [];
    const at = place === undefined || place === `/${field}` ? '' : `, now at ${shortened(place, MAX_NAME)}`;
    const most = [...changes.values()].toSorted((a, b) => b.keys.length - a.keys.length);
    const shown = most.slice(0, NAMED).map(({ how, keys }) => {
      const [first = ''] = keys;
      return `${how} (${keys.length === 1 ? shortened(first, MAX_NAME) : keys.length})`;
    });
    const more = most.length - NAMED;
    return `${shortened(sayField(field), MAX_NAME)}${at}: ${shown.join(', ')}${more > 0 ? `, ${more} more` : ''}`;
  });
}

/** The names of the records, and for each field how many of them lack it. */
function sayLacking(records: readonly ReconciledRecord[], report: ReconciledDatabase): string[] {
  const fields = new Map<string, number>();
  for (const record of records)
    for (const field of new Set(record.values.filter(isLost).map(({ path }) => fieldOf(path, record, report))))
      fields.set(field, (fields.get(field) ?? 0) + 1);
  const most = [...fields].toSorted((a, b) => b[1] - a[1]).map(([field, count]) => `${sayField(field)} (${count})`);
  return [
    some(records.map(({ key }) => key)),
    ...(most.length === 0 ? [] : [`not there, or not at its place: ${some(most)}`]),
  ];
}

function isLost({ status }: ReconciledValue): boolean {
  return status === 'missing' || status === 'partly';
}

function sayScattered(records: readonly ReconciledRecord[], report: ReconciledDatabase): string[] {
  const only = new Map<string, Set<string>>();
  for (const record of records)
    for (const { path, at } of record.values) {
      const { beside = [] } = record;
      const files = at.map(({ file }) => file);
      if (files.length === 0 || !files.every((file) => beside.includes(file))) continue;
      const where = some([...new Set(files)].map((file) => file.slice(file.lastIndexOf('/') + 1)));
      only.set(where, (only.get(where) ?? new Set()).add(sayField(fieldOf(path, record, report))));
    }
  const each = [...only].map(
    ([where, fields]) => `${some([...fields])} ${fields.size === 1 ? 'stands' : 'stand'} only in ${where}`,
  );
  return [`no one file holds all of ${some(records.map(({ key }) => key))}`, ...each.slice(0, NAMED)];
}

function sayRules(records: readonly ReconciledRecord[]): string[] {
  const rules = new Map<string, number>();
  for (const { rule = 'a rule' } of records) rules.set(rule, (rules.get(rule) ?? 0) + 1);
  return [some([...rules].map(([rule, count]) => `${rule} (${count})`))];
}

function detail(status: RecordStatus, report: ReconciledDatabase): string[] {
  const records = report.records.filter((record) => record.status === status);
  const names = some(records.map(({ key }) => key));
  const { sameKey, withoutPlace } = report;
  if (status === 'found') {
    const keyed = Object.entries(sameKey).map(
      ([file, count]) => `${plural(count, 'key')} in ${shortened(file, MAX_NAME)}`,
    );
    return keyed.length === 0 ? [] : [`there are ${some(keyed)}`];
  }
  if (status === 'explained') return sayRules(records);
  if (status === 'by-value')
    return [
      names,
      withoutPlace.length === 0
        ? 'their values are there; nothing says that the places are theirs'
        : `their values are there; no place is known for ${some(withoutPlace.map(sayField))}`,
    ];
  if (status === 'folded') return [names, 'a value is not at its own place, but at another one of its record'];
  if (status === 'changed') return sayChanged(records, report);
  if (status === 'scattered') return sayScattered(records, report);
  return status === 'partly' ? [...sayLacking(records, report), ...sayChanged(records, report)] : [names];
}

function renderDatabase(report: ReconciledDatabase, paint: Paint): string[] {
  const { old, counts, notAccountedFor, learnedFrom, withoutPlace, places, unread } = report;
  const width = Math.max(4, String(old.entries).length + 2);
  const files = report.new.files.length;
  const where =
    report.new.in.length === 0
      ? 'added or changed since'
      : report.new.in.map((glob) => `--in ${escapeName(glob)}`).join(' ');
  const lines = RECORD_STATUSES.flatMap((status) => {
    const count = counts[status];
    if (count === 0 && status !== 'found') return [];
    const name = isAccountedFor(status) ? paint.good(status) : paint.bad(status);
    const begin = `${String(count).padStart(width)} ${name}${' '.repeat(Math.max(0, 10 - status.length))} `;
    const [first = '', ...rest] = detail(status, report);
    const indent = width + 12;
    return [wrap(first, begin, indent).trimEnd(), ...rest.map((line) => wrap(line, ' '.repeat(indent), indent))];
  });
  const known = Object.keys(places).length > 0;
  return [
    wrap(`${old.backupId}:${escapeName(old.database)}, ${plural(old.entries, 'record')}`, `  ${paint.dim('old')}  `, 7),
    wrap(
      `${plural(files, 'file')}, as ${files === 1 ? 'it is' : 'they are'} now (${where})`,
      `  ${paint.dim('new')}  `,
      7,
    ),
    ...(files === 0 && report.new.in.length > 0 ? ['  --in matches no file and no database.'] : []),
    ...lines,
    ...(learnedFrom > 0
      ? [`  Places were learned from ${plural(learnedFrom, 'record')}; --write-rules keeps them for review.`]
      : known
        ? ['  Places are those of the rules.']
        : []),
    ...(withoutPlace.length > 0
      ? [wrap(withoutPlace.map((field) => escapeName(sayField(field))).join(', '), '  No place is known for: ', 4)]
      : []),
    ...unread.slice(0, NAMED).map(({ file, why }) => wrap(`${escapeName(file)} ${escapeName(why)}`, '  not read: ', 4)),
    ...(unread.length > NAMED ? [`  not read: ${unread.length - NAMED} more, which --json names`] : []),
    notAccountedFor > 0
      ? `  ${paint.bad('NOT ACCOUNTED FOR')}: ${notAccountedFor} of ${old.entries}`
      : `  ${paint.good('accounted for')}: ${old.entries} of ${old.entries}`,
  ];
}

export function renderReconcile(report: ReconcileReport | ReconcileAllReport, paint: Paint): string[] {
  const databases = 'databases' in report ? report.databases : [report];
  const wrote = report.wrote ?? [];
  return [
    ...databases.flatMap((database, at) => [...(at > 0 ? [''] : []), ...renderDatabase(database, paint)]),
    ...renderFindings(report.findings, paint),
    ...(report.wrote !== null && wrote.length === 0 ? ['  --write-rules has nothing to add to the config.'] : []),
    ...(wrote.length > 0 ? ['  Added to the config, for you to review:'] : []),
    ...wrote.map((line) => `    ${escapeName(line)}`),
    ...(report.wrote === null ? [] : databases.flatMap(proposeRules)),
  ];
}

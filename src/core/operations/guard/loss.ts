import { engineOf, type DatabaseAt } from '../../databases/engines.ts';
import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import type { Finding } from '../../model/finding.ts';
import type { FindingCode } from '../../model/finding-codes.ts';
import type { Loss } from '../../model/guard-report.ts';
import type { Manifest } from '../../model/manifest.ts';
import { plural } from '../../model/plural.ts';
import { shellQuote } from '../../model/shell-quote.ts';
import { databasesOf } from '../../model/stated-databases.ts';
import { escapeName } from '../../paths/names.ts';
import { isInside } from '../../paths/paths.ts';
import type { SelectedBackup } from '../../repository/selected.ts';
import type { AllowedLoss } from './allowed-loss.ts';
import { lostRecords } from './lost-records.ts';

/** Findings about databases that the backup holds as plain files. */
const UNREAD: readonly string[] = ['database-foreign', 'database-not-proven'] satisfies FindingCode[];
const NAMED = 5;

/**
 * What the backup records and the project does not any more. Only databases are read in which something changed.
 * @param changed every path that differs from the backup
 */
export async function lookForLoss(
  { root }: Project,
  { folder }: SelectedBackup,
  manifest: Manifest,
  changed: readonly string[],
  allowed: AllowedLoss,
  context: Context,
): Promise<Loss> {
  const all = databasesOf(manifest);
  const differing = all.filter((database) => changed.some((path) => isOf(database, path)));
  const loss: Loss = { databases: [], looked: { databases: 0, of: 0 }, notCompared: [] };
  for (const database of differing) {
    const lost = await lostRecords({ root, backup: folder }, database, allowed, context);
    if (typeof lost === 'string') loss.notCompared.push({ path: database.path, why: lost });
    else if (lost !== null) loss.databases.push(lost);
  }
  const others = new Set(manifest.findings.flatMap(({ code, path }) => (UNREAD.includes(code) ? (path ?? []) : [])));
  const why = 'the backup holds it as plain files, so nobody knows which records it had';
  for (const path of others) if (changed.some((each) => touches(path, each))) loss.notCompared.push({ path, why });
  const of = all.length + others.size;
  loss.looked = { databases: of - loss.notCompared.length, of };
  return loss;
}

function isOf({ path: database, engine }: DatabaseAt, path: string): boolean {
  return touches(database, path) || engineOf(engine).partOf(database, path) !== null;
}

function touches(database: string, path: string): boolean {
  return isInside(path, database) || isInside(database, path);
}

/** What is said of a loss. Under `no-loss` the command has failed if one of these is an error. */
export function lossFindings(loss: Loss | null, allowed: AllowedLoss, expect: 'no-loss' | null): Finding[] {
  if (loss === null) return expect === null ? [] : [NOT_KNOWN];
  const unknown = loss.notCompared.map(({ path, why }): Finding => {
    const isAllowed = allowed.has(escapeName(path));
    const fails = expect !== null && !isAllowed;
    return {
      code: 'loss-not-known',
      severity: fails ? 'error' : 'warning',
      message: `it is not known whether ${escapeName(path)} lost records: ${why}${fails ? '; that counts as a loss' : ''}`,
      path,
      recommendation: `Look at it yourself.${expect === null ? '' : ` ${howToAllow(escapeName(path))}`}`,
    };
  });
  if (expect === null) return unknown;
  const unused = allowed.unused().map((pattern): Finding => ({
    code: 'allowed-loss-unmatched',
    severity: 'info',
    message: `--allow-loss ${shellQuote(escapeName(pattern))} names nothing that is known to be lost`,
    recommendation: 'Leave it out, or correct it: it matches DATABASE/KEY as it is printed, and * stands for anything.',
  }));
  return [...recordsLost(loss), ...unknown, ...unused];
}

const NOT_KNOWN: Finding = {
  code: 'loss-not-known',
  severity: 'error',
  message: 'it is not known what the command lost, because what it changed is not known: that counts as a loss',
};

function recordsLost({ databases }: Loss): Finding[] {
  const failing = databases.filter(({ notAllowed }) => notAllowed !== 0);
  const [first, second] = failing;
  if (first === undefined) return [];
  const gone = failing.filter((database) => database.gone).map(sayGone);
  const names = failing.flatMap((database) => (database.gone ? [] : namesOf(database)));
  const named = [...gone, ...names].slice(0, NAMED);
  const counts = failing.map(({ notAllowed }) => notAllowed);
  const what = counts.includes(null) ? 'records' : plural(sum(counts), 'record');
  const more = gone.length + sum(failing.map((each) => (each.gone ? 0 : each.notAllowed))) - named.length;
  return [
    {
      code: 'records-lost',
      severity: 'error',
      message: `the command lost ${what} that no --allow-loss names, so it counts as failed: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
      ...(second === undefined ? { path: first.path } : { affects: failing.map(({ path }) => path) }),
      recommendation: howToAllow(first.gone ? escapeName(first.path) : (names[0] ?? '')),
    },
  ];
}

function sum(counts: readonly (number | null)[]): number {
  return counts.reduce<number>((total, count) => total + (count ?? 0), 0);
}

function sayGone({ path, notAllowed }: Loss['databases'][number]): string {
  return `${escapeName(path)} (gone, with ${notAllowed === null ? 'all its records' : plural(notAllowed, 'record')})`;
}

/** The records that no `--allow-loss` names, as they are named there. */
function namesOf({ path, records }: Loss['databases'][number]): string[] {
  return records.flatMap(({ key, allowed }) => (allowed ? [] : [`${escapeName(path)}/${key}`]));
}

function howToAllow(name: string): string {
  return `If it is meant to go, say so: --allow-loss ${shellQuote(name)}`;
}

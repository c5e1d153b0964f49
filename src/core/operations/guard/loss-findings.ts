import type { Finding } from '../../model/finding.ts';
import type { Loss } from '../../model/guard-report.ts';
import { plural } from '../../model/plural.ts';
import { shellLine, shellQuote } from '../../model/shell-quote.ts';
import { lstatOrNull } from '../../fs/durable.ts';
import { asPattern, escapeName } from '../../paths/names.ts';
import { toNative } from '../../paths/paths.ts';
import type { AllowedLoss } from './allowed-loss.ts';
import { nameOfDeployment } from './lost-deployments.ts';

const NAMED = 5;

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
      recommendation: `Look at it yourself.${fails ? ` ${howToAllow(escapeName(path))}` : ''}`,
    };
  });
  if (expect === null) return unknown;
  const unused = allowed.unused().map((pattern): Finding => ({
    code: 'allowed-loss-unmatched',
    severity: 'info',
    message: `--allow-loss ${shellQuote(escapeName(pattern))} names nothing that is known to be lost`,
    recommendation:
      'Leave it out, or correct it: it matches DATABASE/KEY or CHAIN/NAME as it is printed, * stands for anything and \\* for a star.',
  }));
  return [...recordsLost(loss), ...unknown, ...unused];
}

const NOT_KNOWN: Finding = {
  code: 'loss-not-known',
  severity: 'error',
  message: 'it is not known what the command lost, because what it changed is not known: that counts as a loss',
};

function recordsLost({ databases, deployments }: Loss): Finding[] {
  const failing = databases.filter(({ notAllowed }) => notAllowed !== 0);
  const kept = failing.filter(({ gone }) => !gone);
  const unallowed = deployments.records.filter(({ allowed }) => !allowed);
  const gone = failing.filter((database) => database.gone);
  const names = [...kept.flatMap(namesOf), ...unallowed.map(nameOfDeployment)];
  const [first = ''] = [...gone.map(({ path }) => escapeName(path)), ...names];
  if (first === '') return [];
  const records = failing.map(({ notAllowed }) => notAllowed);
  const what = [
    ...(records.includes(null) ? ['records'] : sum(records) > 0 ? [plural(sum(records), 'record')] : []),
    ...(deployments.notAllowed > 0 ? [plural(deployments.notAllowed, 'deployment')] : []),
  ];
  const named = [
    ...gone.map(sayGone),
    ...kept.flatMap(namesOf),
    ...unallowed.map(
      (each) => `${nameOfDeployment(each)}${each.name === null ? '' : ` (${escapeName(each.address)})`}`,
    ),
  ].slice(0, NAMED);
  const more = gone.length + sum(kept.map(({ notAllowed }) => notAllowed)) + deployments.notAllowed - named.length;
  const affects = [...new Set([...failing.map(({ path }) => path), ...unallowed.map(({ file }) => file)])];
  return [
    {
      code: 'records-lost',
      severity: 'error',
      message: `the command lost ${what.join(' and ')} that no --allow-loss names, so it counts as failed: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
      ...(affects.length === 1 ? { path: affects[0] ?? '' } : { affects }),
      recommendation: howToAllow(first),
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

/** If everything stays as the command left it: what was lost, and the line that brings that back without what came in its place. */
export function notBroughtBack(root: string, backupId: string, loss: Loss | null): Finding[] {
  const databases = loss?.databases.filter(({ notAllowed }) => notAllowed !== 0).map(({ path }) => path) ?? [];
  const deployments = loss?.deployments.records.filter(({ allowed }) => !allowed) ?? [];
  const places = [...new Set([...databases, ...deployments.map(({ file }) => file)])];
  if (places.length === 0) return [];
  // A line for more of them is too long to be read.
  const only = places.length > NAMED ? [] : places.flatMap((place) => ['--only', place]);
  const areFree = places.length <= NAMED && places.every((place) => lstatOrNull(toNative(root, place)) === null);
  const line = shellLine(['migbackup', 'restore', backupId, ...only, ...(areFree ? [] : ['--to', 'restored'])]);
  const names = places.slice(0, NAMED).map(escapeName).join(', ');
  const more = places.length > NAMED ? ` and ${places.length - NAMED} more` : '';
  return [
    {
      code: 'lost-not-restored',
      severity: 'warning',
      message: `what was lost is not brought back: ${names}${more} of the backup ${places.length === 1 ? 'holds' : 'hold'} it`,
      affects: places,
      recommendation: `${areFree ? 'To bring it back' : 'To have it in a folder beside the project, from where it can be copied'}, run: ${line}`,
    },
  ];
}

function howToAllow(name: string): string {
  return `If it is meant to go, say so: --allow-loss ${shellQuote(asPattern(name))}`;
}

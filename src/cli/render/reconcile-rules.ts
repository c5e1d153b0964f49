import type { ReconciledDatabase } from '../../core/model/reconcile-report.ts';
import { asPattern, escapeName } from '../../core/paths/names.ts';
import { fieldOf, sayField, some } from './reconcile-names.ts';
import { wrap } from './style.ts';

const PROPOSED = 10;
/** A report has only the hash of what looks secret, and the beginning of what is long. */
const NOT_WHOLE = /^sha256:[0-9a-f]{64}$|…$/;

/** A key up to its first separator: `hardhat-` of `hardhat-Token`. */
const prefixOf = (key: string): string | undefined => /^[^-:/.|#]+[-:/.|#]/.exec(key)?.[0];

/** For the key of a missing record: `hardhat-*` if everything that begins like it is missing, otherwise the key. */
function missingPatterns({ records, moreRecords }: ReconciledDatabase): (key: string) => string {
  const alike = Map.groupBy(moreRecords > 0 ? [] : records, ({ key }) => prefixOf(key));
  const isWhole = new Map<string, boolean>();
  for (const [prefix, members] of alike)
    if (prefix !== undefined)
      isWhole.set(prefix, members.length > 1 && members.every(({ status }) => status === 'missing'));
  return (key) => {
    const prefix = prefixOf(key) ?? '';
    return isWhole.get(prefix) === true ? `${asPattern(prefix)}*` : asPattern(key);
  };
}

/** Rules that only a person can write: lines to paste for values that have another name now, and for records that are gone. */
export function proposeRules(report: ReconciledDatabase): string[] {
  const { old, records } = report;
  const values = new Map<string, Map<string, string>>();
  const notWhole = new Set<string>();
  for (const record of records)
    for (const { path, status, was, now } of record.values) {
      if (status !== 'changed' || typeof was !== 'string' || typeof now !== 'string') continue;
      const field = fieldOf(path, record, report);
      if (NOT_WHOLE.test(was) || NOT_WHOLE.test(now)) notWhole.add(sayField(field));
      else values.set(field, (values.get(field) ?? new Map()).set(was, now));
    }
  const patternOf = missingPatterns(report);
  const gone = Map.groupBy(
    records.filter(({ status }) => status === 'missing'),
    ({ key }) => patternOf(key),
  );
  const goneRules = [...gone].slice(0, PROPOSED).map(([key, { length }]) => ({ key, entries: length, why: '' }));
  const renamed = [...values]
    .slice(0, PROPOSED)
    .map(([field, pairs]) => [field, Object.fromEntries([...pairs].slice(0, PROPOSED))]);
  const lines = [
    ...(renamed.length === 0 ? [] : [`"values": ${JSON.stringify(Object.fromEntries(renamed))}`]),
    ...(goneRules.length === 0 ? [] : [`"gone": ${JSON.stringify(goneRules)}`]),
  ];
  const leftOut =
    notWhole.size === 0
      ? []
      : [wrap(`No rule is proposed for ${some([...notWhole])}: its values are hashed or cut here.`, '  ', 2)];
  if (lines.length === 0) return leftOut;
  const about = `Not added for ${escapeName(old.database)}, because only you know whether it is meant (a "why" is needed):`;
  return [wrap(about, '  ', 2), ...lines.map((line) => `    ${escapeName(line)}`), ...leftOut];
}

import type { DbLsReport } from '../../core/model/db-ls-report.ts';
import { plural } from '../../core/model/plural.ts';
import { table } from './style.ts';

/** The tables of a database. Keys are printed while they are read, so they are not printed here. */
export function renderDbLs({ tables }: DbLsReport): string[] {
  if (tables === null) return [];
  const rows = tables.map(({ name, records }) => [name, records === null ? 'not counted' : plural(records, 'row')]);
  return rows.length === 0 ? ['  no tables'] : table(rows, ['left', 'right']);
}

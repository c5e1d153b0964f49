import { createHash } from 'node:crypto';
import type { DatabaseRecord } from '../../databases/engine.ts';
import { keyText, parseKeyText } from '../../databases/key-text.ts';
import { mergeByKey } from '../../databases/merge-by-key.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { ChangedRecord, DbDiffReport } from '../../model/db-diff-report.ts';
import type { Context } from '../../model/event.ts';
import { startReport } from '../../repository/report-head.ts';
import { changedLeaves } from '../../records/changed-leaves.ts';
import { nameOf, type OpenDatabase, readDatabase } from './open-database.ts';

export interface DbDiffOptions {
  readonly before: string;
  readonly after: string;
  /** As keys are written. */
  readonly prefix: string | undefined;
  /** At most this many changes are listed; all are counted. */
  readonly limit: number;
  readonly cwd: string;
}

/** Compares two databases of the same engine record by record, in constant memory. Throws USAGE if their engines differ. */
export async function dbDiff(project: Project, options: DbDiffOptions, context: Context): Promise<DbDiffReport> {
  const head = startReport(context);
  const prefix = options.prefix === undefined ? undefined : parseKeyText(options.prefix);
  const where = { project, cwd: options.cwd, context };
  context.onEvent?.({ type: 'phase-begin', phase: 'comparing' });
  const found = await readDatabase(options.before, where, (before) =>
    readDatabase(options.after, where, (after) => compare(before, after, { prefix, limit: options.limit }, context)),
  );
  const { counts } = found;
  return {
    ...head(),
    operation: 'db diff',
    prefix: prefix === undefined ? null : keyText(prefix),
    same: counts.added + counts.removed + counts.changed === 0,
    ...found,
  };
}

type Found = Pick<DbDiffReport, 'engine' | 'before' | 'after' | 'counts' | 'changes' | 'moreChanges'>;

async function compare(
  before: OpenDatabase,
  after: OpenDatabase,
  { prefix, limit }: { readonly prefix: Buffer | undefined; readonly limit: number },
  { signal }: Context,
): Promise<Found> {
  if (before.engine.name !== after.engine.name) throw differentEngines(before, after);
  const counts = { added: 0, removed: 0, changed: 0, same: 0 };
  const changes: ChangedRecord[] = [];
  const note = (change: ChangedRecord['change'], was: DatabaseRecord | undefined, is: DatabaseRecord | undefined) => {
    counts[change]++;
    if (changes.length < limit) changes.push(describe(change, was, is));
  };
  await mergeByKey(
    before,
    after,
    signal,
    (_, was, is) => {
      if (is === undefined) note('removed', was, undefined);
      else if (was.value.equals(is.value)) counts.same++;
      else note('changed', was, is);
    },
    (is) => note('added', undefined, is),
    prefix,
  );
  const { added, removed, changed, same } = counts;
  return {
    engine: before.engine.name,
    before: { database: before.path, backupId: before.backupId, records: removed + changed + same },
    after: { database: after.path, backupId: after.backupId, records: added + changed + same },
    counts,
    changes,
    moreChanges: added + removed + changed - changes.length,
  };
}

function describe(
  change: ChangedRecord['change'],
  was: DatabaseRecord | undefined,
  is: DatabaseRecord | undefined,
): ChangedRecord {
  const key = keyText((was ?? is)?.key ?? Buffer.alloc(0));
  const leaves = was === undefined || is === undefined ? null : changedLeaves(was.value, is.value);
  return {
    key,
    change,
    bytesBefore: was?.value.length ?? null,
    bytesAfter: is?.value.length ?? null,
    sha256Before: was === undefined ? null : sha256(was.value),
    sha256After: is === undefined ? null : sha256(is.value),
    leaves: leaves?.listed ?? null,
    moreLeaves: leaves?.more ?? 0,
  };
}

function sha256(value: Buffer): string {
  return createHash('sha256').update(value).digest('hex');
}

function differentEngines(before: OpenDatabase, after: OpenDatabase): BackupError {
  const [one, other] = [before, after].map((side) => `${nameOf(side)} is a ${side.engine.title} database`);
  return new BackupError('USAGE', `${one}, and ${other}: their records have no common keys`, {
    hint: 'Give two databases of the same engine.',
  });
}

import { count, findingsSchema, reportHeadSchema } from './report.ts';
import { RECORD_STATUSES } from './record-status.ts';
import { z } from './zod.ts';

const placeSchema = z.object({
  /** Project-relative path of a file or database. */
  file: z.string(),
  /** JSON pointer (RFC 6901) in the file. A line of a JSONL file is `/` and its position from 0, an entry of a database `/` and its key. */
  pointer: z.string(),
});

const valueSchema = z.object({
  /** JSON pointer in the record's value; empty for the value itself. */
  path: z.string(),
  status: z.enum(['found', 'explained', 'by-value', 'folded', 'changed', 'partly', 'missing']),
  /**
   * `sha256:` and a hash if the name of the field looks secret. A number that a double would round is a text. A text of more than 1000 characters is cut, and
   * then it ends in `…`.
   */
  was: z.unknown(),
  /** What stands at its place instead. */
  now: z.unknown().optional(),
  at: z.array(placeSchema),
});
export type ReconciledValue = z.infer<typeof valueSchema>;

const recordSchema = z.object({
  /** As keys are written (docs/cli-json.md). */
  key: z.string(),
  status: z.enum(RECORD_STATUSES),
  /** Empty for a record that was not searched. */
  values: z.array(valueSchema),
  /** The rule that explains it. */
  rule: z.string().optional(),
  /** For `scattered`: the files with values that are not in the document that holds most. */
  beside: z.array(z.string()).optional(),
});
export type ReconciledRecord = z.infer<typeof recordSchema>;

const accounting = {
  old: z.object({
    backupId: z.string(),
    /** Project-relative path of the database. */
    database: z.string(),
    /** Its records. */
    entries: count,
    /** As the manifest states it; null if it states none. */
    digest: z.string().nullable(),
  }),
  new: z.object({
    /** The project. */
    where: z.string(),
    /** Globs of --in, or of the rules for this database; empty: what was added or changed since the backup. */
    in: z.array(z.string()),
    /** Project-relative paths of all files and databases that were searched, in order. */
    files: z.array(z.string()),
  }),
  /** How many records have each status. */
  counts: z.object({
    found: count,
    explained: count,
    'by-value': count,
    folded: count,
    changed: count,
    scattered: count,
    partly: count,
    missing: count,
    unsearched: count,
  }),
  /** Records without one of the statuses that count as accounted for; with --strict these are `found` and `explained`. */
  notAccountedFor: count,
  /** Path of a database of the new state -> how many records have the same key in it. */
  sameKey: z.record(z.string(), count),
  /** Field -> where its values stand: the places that were learned, or those of the rules. */
  places: z.record(z.string(), z.array(z.string())),
  /** From how many records the places were learned; 0 if there was nothing to learn, or if rules give them. */
  learnedFrom: count,
  /** Fields for which no place is known. */
  withoutPlace: z.array(z.string()),
  /** Of a database with more than 100,000 records only those that are not found, at most 100,000. */
  records: z.array(recordSchema),
  /** How many are not in `records`. */
  moreRecords: count,
  /** Files and databases of which not everything was read. */
  unread: z.array(z.object({ file: z.string(), why: z.string() })),
};

const accountedSchema = z.object(accounting);
export type ReconciledDatabase = z.infer<typeof accountedSchema>;

const options = {
  strict: z.boolean(),
  /** What --write-rules added to the config, one line each; null without it. */
  wrote: z.array(z.string()).nullable(),
  findings: findingsSchema,
};

/** The answer of `reconcile DATABASE`. */
export const reconcileReportSchema = reportHeadSchema
  .extend({ operation: z.literal('reconcile'), ...accounting, ...options })
  .meta({ id: 'ReconcileReport' });
export type ReconcileReport = z.infer<typeof reconcileReportSchema>;

/** The answer of `reconcile` without a database: all databases of the backup, whether there is one or several. */
export const reconcileAllReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('reconcile-all'),
    backupId: z.string(),
    databases: z.array(accountedSchema),
    /** Of all databases. */
    notAccountedFor: count,
    ...options,
  })
  .meta({ id: 'ReconcileAllReport' });
export type ReconcileAllReport = z.infer<typeof reconcileAllReportSchema>;

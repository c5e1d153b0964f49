import { lookedIntoSchema } from './db-ls-report.ts';
import { ENGINES } from './engine-name.ts';
import { count, reportHeadSchema } from './report.ts';
import { z } from './zod.ts';

export const leafSchema = z.object({
  /** JSON pointer (RFC 6901). */
  pointer: z.string(),
  /** JSON text as the value has it, so that no number is rounded; cut after 1000 characters, and then it ends in `…`. Null if the leaf is not there. */
  before: z.string().nullable(),
  after: z.string().nullable(),
});
export type ChangedLeaf = z.infer<typeof leafSchema>;

const changedRecordSchema = z.object({
  /** As keys are written (docs/cli-json.md). */
  key: z.string(),
  change: z.enum(['added', 'removed', 'changed']),
  /** Sizes and SHA-256 of the values; null if there is no such record. */
  bytesBefore: count.nullable(),
  bytesAfter: count.nullable(),
  sha256Before: z.string().nullable(),
  sha256After: z.string().nullable(),
  /** Of a changed record: the leaves that differ, at most 20; null if a value is not JSON or is larger than 4 MiB. */
  leaves: z.array(leafSchema).nullable(),
  /** How many more leaves differ. */
  moreLeaves: count,
});
export type ChangedRecord = z.infer<typeof changedRecordSchema>;

const sideSchema = lookedIntoSchema.extend({
  /** Records that were compared: those with the prefix. */
  records: count,
});

/** The answer of `db diff`. */
export const dbDiffReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('db diff'),
    engine: z.enum(ENGINES),
    before: sideSchema,
    after: sideSchema,
    /** What the compared keys begin with, as keys are written; null if all were compared. */
    prefix: z.string().nullable(),
    /** True: no record was added, removed or changed. */
    same: z.boolean(),
    counts: z.object({ added: count, removed: count, changed: count, same: count }),
    /** In the order of the keys, the first --limit of them. */
    changes: z.array(changedRecordSchema),
    /** Changes that are counted and not listed. */
    moreChanges: count,
  })
  .meta({ id: 'DbDiffReport' });
export type DbDiffReport = z.infer<typeof dbDiffReportSchema>;

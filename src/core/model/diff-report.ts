import { ENGINES } from './engine-name.ts';
import { z } from './zod.ts';
import { deploymentChangesSchema } from './recorded-deployments.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';

const changeSchema = z.object({
  path: z.string(),
  category: z.string(),
  change: z.enum(['added', 'removed', 'changed']),
  type: z.enum(['file', 'dir', 'symlink']),
  /** What is different about a changed path. */
  differs: z.array(z.enum(['type', 'content', 'mode', 'target'])),
  /** Sizes before and after; null on a side that does not have the path. */
  bytesBefore: count.nullable(),
  bytesAfter: count.nullable(),
  /** Permissions before and after, four octal digits; null on a side that does not have the path. */
  modeBefore: z.string().nullable(),
  modeAfter: z.string().nullable(),
  /** Of files before and after; null also if a live file was not read, because its size was enough to tell. */
  sha256Before: z.string().nullable(),
  sha256After: z.string().nullable(),
});
export type DiffChange = z.infer<typeof changeSchema>;

const databaseStateSchema = z.object({
  /** Null if not counted, as in a manifest. */
  records: count.nullable(),
  digest: z.string().nullable(),
});
export type DatabaseState = z.infer<typeof databaseStateSchema>;

const databaseSchema = z.object({
  path: z.string(),
  category: z.string(),
  engine: z.enum(ENGINES),
  /** Null if there is no such database on that side, or if it could not be read (see `problem`). */
  before: databaseStateSchema.nullable(),
  after: databaseStateSchema.nullable(),
  /** True if both sides hold the same records, whatever their files look like; false also if they were not counted. */
  same: z.boolean(),
  /** Why a side was not read. */
  problem: z.string().nullable(),
});
export type DiffDatabase = z.infer<typeof databaseSchema>;

const sideSchema = z.object({
  /** Null for the live project. */
  backupId: z.string().nullable(),
  /** The backup's folder or file, or the project. */
  where: z.string(),
});

/** The answer of `diff`. Directories count as paths; times alone do not count as a change. */
export const diffReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('diff'),
    before: sideSchema,
    after: sideSchema,
    /** Terms of --only; empty if everything was compared. */
    selection: z.array(z.string()),
    /** True if everything was compared (no finding is `not-compared`) and nothing differs. */
    same: z.boolean(),
    /** By category that either side holds. */
    categories: z.record(z.string(), z.object({ added: count, removed: count, changed: count, same: count })),
    /** Every difference, uncut. */
    changes: z.array(changeSchema),
    databases: z.array(databaseSchema),
    /** What differs in what deployment registries record. */
    deployments: deploymentChangesSchema,
    /** What could not be compared in the live project, and what is left out as secret or special there but was not when the backup was taken; deployment registries that could not be read. */
    findings: findingsSchema,
  })
  .meta({ id: 'DiffReport' });
export type DiffReport = z.infer<typeof diffReportSchema>;

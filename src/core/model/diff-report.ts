import { leafSchema } from './db-diff-report.ts';
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
  engine: z.enum(ENGINES),
  /** Null if not counted, as in a manifest. */
  records: count.nullable(),
  digest: z.string().nullable(),
});
export type DatabaseState = z.infer<typeof databaseStateSchema>;

const recordChangeSchema = z.object({
  /** As keys are written (docs/cli-json.md). */
  key: z.string(),
  change: z.enum(['added', 'removed', 'changed']),
});
export type RecordChange = z.infer<typeof recordChangeSchema>;

const databaseSchema = z.object({
  path: z.string(),
  category: z.string(),
  /** Of the side after; of the side before if there is no such database after. */
  engine: z.enum(ENGINES),
  /** Null if there is no such database on that side, or if it could not be read (see `problem`). */
  before: databaseStateSchema.nullable(),
  after: databaseStateSchema.nullable(),
  /** True if both sides hold the same records, whatever their files look like; false also if they were not counted. */
  same: z.boolean(),
  /** By key; null if the records were not read: the digests are the same, or not known, or one side has no such database, or see `problem`. */
  records: z.object({ added: count, removed: count, changed: count, same: count }).nullable(),
  /** The removed records first, then the changed, then the added, each in the order of the keys; the first 1000. */
  changes: z.array(recordChangeSchema),
  /** Changes that are counted and not listed. */
  moreChanges: count,
  /** Why a side, or the records of both, were not read. */
  problem: z.string().nullable(),
});
export type DiffDatabase = z.infer<typeof databaseSchema>;

const fileSideSchema = z.object({
  type: z.enum(['file', 'symlink']),
  bytes: count,
  /** Null of a link, and if the file cannot be read. */
  sha256: z.string().nullable(),
});
export type FileSide = z.infer<typeof fileSideSchema>;

const contentSchema = z.object({
  path: z.string(),
  /** How it was compared: JSON by its leaves, other UTF-8 text by its lines, anything else by size and hash. The records of a database: see `next`. */
  as: z.enum(['json', 'text', 'bytes', 'database']),
  /** Null if that side has no such file, and of a database. */
  before: fileSideSchema.nullable(),
  after: fileSideSchema.nullable(),
  same: z.boolean(),
  /** Of JSON: the leaves that differ, the first 1000. */
  leaves: z.array(leafSchema).nullable(),
  moreLeaves: count,
  /** Of text: what differs, with three lines around it, the first 1000 lines in all. */
  hunks: z
    .array(
      z.object({
        /** Number of the first line, from 1; of no line, that of the one before. */
        before: count,
        after: count,
        /** Each begins with a space (the same), `-` (before), `+` (after) or `\\` (a remark). Cut after 1000 characters, and then it ends in `…`. */
        lines: z.array(z.string()),
      }),
    )
    .nullable(),
  moreLines: count,
  /** Of two files that were read and differ: the first byte that does, from 0, and the line that it is in, from 1; `line` is null if one is not text. */
  firstDifference: z.object({ byte: count, line: count.nullable() }).nullable(),
  /** Why not more is shown. */
  note: z.string().nullable(),
  /** Of a database: the lines that show its records. */
  next: z.array(z.string()),
});
export type DiffContent = z.infer<typeof contentSchema>;

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
    /** What differs in the file that --content names. */
    content: contentSchema.optional(),
    /** What differs in what deployment registries record. */
    deployments: deploymentChangesSchema,
    /** What could not be compared in the live project, and what is left out as secret or special there but was not when the backup was taken; deployment registries that could not be read. */
    findings: findingsSchema,
  })
  .meta({ id: 'DiffReport' });
export type DiffReport = z.infer<typeof diffReportSchema>;

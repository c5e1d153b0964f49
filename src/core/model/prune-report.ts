import { z } from './zod.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';

const prunedSchema = z.object({
  backupId: z.string(),
  kind: z.enum(['migration', 'safety']),
  /** Bytes of all its files. */
  bytes: count,
  note: z.string().nullable(),
  /** With --remote: which copy of the backup. */
  tag: z.string().optional(),
});

/** The answer of `prune`. With `dryRun`, and until the removal is confirmed, `remove` is a plan. */
export const pruneReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('prune'),
    /** Absolute; with --remote the URL of the remote. */
    repository: z.string(),
    /** With --remote: its name in the config, or the URL that was given. */
    remote: z.string().optional(),
    dryRun: z.boolean(),
    /** Backups that are removed, oldest first. */
    remove: z.array(prunedSchema),
    /** Backups that stay, newest first, with every reason. */
    keep: z.array(prunedSchema.extend({ reasons: z.array(z.string()) })),
    /** With --remote and --orphans: objects and unfinished uploads without a commit that are removed. */
    orphans: z
      .array(z.object({ backupId: z.string(), tag: z.string(), objects: count, uploads: count, bytes: count }))
      .optional(),
    /** Bytes that become free. */
    freedBytes: count,
    /** The newest complete backup that was just verified in full (else the newest partial one); it is never removed. Null if nothing had to be removed, and with --remote. */
    newestVerified: z.string().nullable(),
    findings: findingsSchema,
  })
  .meta({ id: 'PruneReport' });
export type PruneReport = z.infer<typeof pruneReportSchema>;

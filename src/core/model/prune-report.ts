import { z } from './zod.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';

const prunedSchema = z.object({
  backupId: z.string(),
  kind: z.enum(['migration', 'safety']),
  /** Bytes of all its files. */
  bytes: count,
  note: z.string().nullable(),
});

/** The answer of `prune`. With `dryRun`, and until the removal is confirmed, `remove` is a plan. */
export const pruneReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('prune'),
    repository: z.string(),
    dryRun: z.boolean(),
    /** Backups that are removed, oldest first. */
    remove: z.array(prunedSchema),
    /** Backups that stay, newest first, with every reason. */
    keep: z.array(prunedSchema.extend({ reasons: z.array(z.string()) })),
    /** Bytes that become free. */
    freedBytes: count,
    /** The newest complete backup that was just verified in full (else the newest partial one); it is never removed. Null if nothing had to be removed. */
    newestVerified: z.string().nullable(),
    findings: findingsSchema,
  })
  .meta({ id: 'PruneReport' });
export type PruneReport = z.infer<typeof pruneReportSchema>;

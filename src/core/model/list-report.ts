import { z } from './zod.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';

const verificationSchema = z.object({
  /** ISO 8601, UTC. */
  time: z.string(),
  status: z.enum(['PASSED', 'WARNING', 'FAILED']),
  /** Only `full` counts as verified. */
  scope: z.enum(['full', 'sample', 'quick']),
  /** Everything was unpacked and every database opened too (verify --rehearse). */
  rehearsed: z.boolean(),
});

/** One line of `list`. What the manifest says is null where the manifest cannot be read. */
export const listedBackupSchema = z.object({
  id: z.string(),
  kind: z.enum(['migration', 'safety']),
  /** Absolute. */
  folder: z.string(),
  /** ISO 8601, UTC, as the id says. */
  createdAt: z.iso.datetime(),
  /** Negative for a backup from the future. */
  ageSeconds: z.int(),
  /** `damaged` is what shows without reading content; only `verify` proves that a backup is good. */
  status: z.enum(['readable', 'damaged']),
  /** What is wrong with it. */
  problem: z.string().nullable(),
  files: count.nullable(),
  bytes: count.nullable(),
  archivedBytes: count.nullable(),
  note: z.string().nullable(),
  tags: z.record(z.string(), z.string()),
  /** Categories that hold something. */
  categories: z.array(z.string()),
  /** True: files that count as secrets were taken too. */
  holdsSecrets: z.boolean().nullable(),
  lastVerification: verificationSchema.nullable(),
});
export type ListedBackup = z.infer<typeof listedBackupSchema>;

/** What `list` answers, newest first. */
export const listReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('list'),
    root: z.string(),
    repository: z.string(),
    backups: z.array(listedBackupSchema),
    /** True: a restore was interrupted; `recover` finishes it or takes it back. */
    unfinishedTransaction: z.boolean(),
    findings: findingsSchema,
  })
  .meta({ id: 'ListReport' });
export type ListReport = z.infer<typeof listReportSchema>;

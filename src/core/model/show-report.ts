import { z } from './zod.ts';
import { completenessSchema } from './completeness.ts';
import { manifestCategorySchema, manifestSchema } from './manifest.ts';
import { deploymentsSchema } from './recorded-deployments.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';
import { signerSchema } from './verify-report.ts';

export const shownEntrySchema = z.object({
  category: z.string(),
  source: z.string(),
  path: z.string(),
  type: z.enum(['file', 'dir', 'symlink']),
  bytes: count,
  /** Four octal digits. */
  mode: z.string(),
  /** ISO 8601, UTC, to the millisecond. */
  modifiedAt: z.string(),
  sha256: z.string().optional(),
  target: z.string().optional(),
});
export type ShownEntry = z.infer<typeof shownEntrySchema>;

/** The answer of `show`: what the manifest states, what deployment registries in the backup record, and with --files or --only what the index lists. Only these registries are verified. */
export const showReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('show'),
    backupId: z.string(),
    folder: z.string(),
    /** The exported file that the backup was read from. */
    fromFile: z.string().nullable(),
    kind: z.enum(['migration', 'safety']),
    completeness: completenessSchema,
    createdAt: z.iso.datetime(),
    note: z.string().nullable(),
    tags: z.record(z.string(), z.string()),
    madeBy: manifestSchema.shape.tool,
    host: manifestSchema.shape.host,
    project: manifestSchema.shape.project,
    /** If the config has allowedSigners: who signed it, as that file says; null if nobody whom it names. Whether its files are those that were signed, only `verify` says. */
    signer: signerSchema.nullable().optional(),
    holdsSecrets: z.boolean(),
    /** With --only, the categories that hold something selected. */
    categories: z.record(z.string(), manifestCategorySchema),
    totals: z.object({ files: count, bytes: count, archivedBytes: count }),
    /** Safety backups only: paths that did not exist. */
    absent: z.array(z.string()),
    /** What --only selects; null without --files and --only. `bytes` counts files. */
    selected: z.object({ entries: count, bytes: count }).nullable(),
    /** With --files, in the order of the index, at most --limit of them. */
    entries: z.array(shownEntrySchema).nullable(),
    /** What the deployment registries in the backup record; with --only, those that are selected. */
    deployments: deploymentsSchema,
    /** What create noticed, and what is wrong with the deployment registries. */
    findings: findingsSchema,
  })
  .meta({ id: 'ShowReport' });
export type ShowReport = z.infer<typeof showReportSchema>;

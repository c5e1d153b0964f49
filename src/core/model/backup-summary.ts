import { z } from './zod.ts';
import { ENGINES } from './engine-name.ts';
import { completenessSchema } from './completeness.ts';
import { knownCopySchema } from './list-report.ts';
import { deploymentsSchema } from './recorded-deployments.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';

/** A yes or no with what it rests on. */
const answerSchema = z.object({
  yes: z.boolean(),
  /** One sentence: when, how much, or why not. */
  evidence: z.string(),
  /** The report that shows it, if one does. */
  reportFile: z.string().nullable(),
});
export type Answer = z.infer<typeof answerSchema>;

/** The answer of `report`: one backup, and what is on record about it. */
export const backupSummarySchema = reportHeadSchema
  .extend({
    operation: z.literal('report'),
    backupId: z.string(),
    createdAt: z.string(),
    completeness: completenessSchema,
    project: z.string().nullable(),
    note: z.string().nullable(),
    answers: z.object({
      /** All state of the project that was found on disk is in the backup. `total` is null if the backup was made with --only and does not know it. */
      coverage: answerSchema.extend({ covered: count, total: count.nullable() }),
      verifiedInFull: answerSchema,
      rehearsed: answerSchema,
      wayBackTested: answerSchema,
    }),
    categories: z.record(
      z.string(),
      z.object({ status: z.string(), files: count, bytes: count, archivedBytes: count, records: count.nullable() }),
    ),
    databases: z.array(
      z.object({ path: z.string(), engine: z.enum(ENGINES), records: count.nullable(), digest: z.string().nullable() }),
    ),
    /** What the deployment registries in the backup record. */
    deployments: deploymentsSchema,
    /** What is known of copies of this backup; no remote was asked for it. */
    copies: z.array(knownCopySchema),
    /** Remotes of the config in which no copy of it is known. */
    notPushedTo: z.array(z.string()),
    totals: z.object({ files: count, bytes: count, archivedBytes: count }),
    /** What create noticed, what the last verification found, and what is wrong with the deployment registries. */
    findings: findingsSchema,
  })
  .meta({ id: 'BackupSummary' });
export type BackupSummary = z.infer<typeof backupSummarySchema>;

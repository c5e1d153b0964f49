import { z } from './zod.ts';
import { findingsSchema, reportHeadSchema } from './report.ts';

/** The answer of `recover`. */
export const recoverReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('recover'),
    root: z.string(),
    outcome: z.enum(['nothing', 'removed-stage', 'completed', 'taken-back']),
    /** The command that a killed guard was running. It is logged now, and undo takes back what it did. */
    guard: z.object({ backupId: z.string(), command: z.array(z.string()), startedAt: z.string() }).nullable(),
    /** What other processes had put in the way, and where that is kept now. */
    findings: findingsSchema,
    /** All of this in one sentence. */
    message: z.string(),
  })
  .meta({ id: 'RecoverReport' });
export type RecoverReport = z.infer<typeof recoverReportSchema>;

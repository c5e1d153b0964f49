import { z } from './zod.ts';
import { findingsSchema, reportHeadSchema } from './report.ts';

/** What `recover` answers. */
export const recoverReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('recover'),
    root: z.string(),
    outcome: z.enum(['nothing', 'removed-stage', 'completed', 'taken-back']),
    /** The command that a killed guard had been running; it is logged now, and undo takes back what it did. */
    guard: z.object({ backupId: z.string(), command: z.array(z.string()), startedAt: z.string() }).nullable(),
    /** What others had put in the way meanwhile, and where it is kept. */
    findings: findingsSchema,
    /** All of it in a sentence. */
    message: z.string(),
  })
  .meta({ id: 'RecoverReport' });
export type RecoverReport = z.infer<typeof recoverReportSchema>;

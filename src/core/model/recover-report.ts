import { z } from 'zod';
import { reportHeadSchema } from './report.ts';

/** What `recover` answers. */
export const recoverReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('recover'),
    root: z.string(),
    outcome: z.enum(['nothing', 'removed-stage', 'completed', 'taken-back']),
    /** The outcome in a sentence. */
    message: z.string(),
  })
  .meta({ id: 'RecoverReport' });
export type RecoverReport = z.infer<typeof recoverReportSchema>;

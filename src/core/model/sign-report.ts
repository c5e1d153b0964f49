import { z } from './zod.ts';
import { findingsSchema, reportHeadSchema } from './report.ts';

/** The answer of `sign`. */
export const signReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('sign'),
    backupId: z.string(),
    /** Absolute path of the signature, beside the backup. */
    file: z.string(),
    /** Of the key that signed, as ssh-keygen -l says it. */
    fingerprint: z.string(),
    /** What the verification before it found. */
    findings: findingsSchema,
  })
  .meta({ id: 'SignReport' });
export type SignReport = z.infer<typeof signReportSchema>;

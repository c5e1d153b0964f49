import { z } from './zod.ts';
import { findingsSchema, reportHeadSchema } from './report.ts';

export const signatureSchema = z.object({
  /** Absolute path of the signature, beside the backup. */
  file: z.string(),
  /** Of the key that signed, as ssh-keygen -l says it. */
  fingerprint: z.string(),
});
export type Signature = z.infer<typeof signatureSchema>;

/** The answer of `sign`. */
export const signReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('sign'),
    backupId: z.string(),
    ...signatureSchema.shape,
    /** What the verification before it found. */
    findings: findingsSchema,
  })
  .meta({ id: 'SignReport' });
export type SignReport = z.infer<typeof signReportSchema>;

import { z } from './zod.ts';
import { findingsSchema, reportHeadSchema } from './report.ts';

/** The answer of `remote init` and `remote check`. */
export const remoteCheckReportSchema = reportHeadSchema
  .extend({
    operation: z.enum(['remote-init', 'remote-check']),
    /** The name in the config, or the URL that was given. */
    remote: z.string(),
    place: z.string(),
    kind: z.enum(['s3', 'folder']),
    /** Whether init made the folder a remote; false if it was one, and for a bucket. */
    made: z.boolean(),
    /** What the remote did when it was tried with these credentials. */
    promises: z.array(
      z.object({
        promise: z.enum([
          'checksums',
          'versions',
          'exclusive-writes',
          'locks',
          'no-early-end-of-lock',
          'no-delete-by-these-credentials',
        ]),
        held: z.enum(['yes', 'no', 'unknown']),
        /** What was seen. */
        evidence: z.string(),
      }),
    ),
    /** How far the clock of the remote is ahead of this machine's; negative if it is behind. */
    clockAheadMs: z.int(),
    findings: findingsSchema,
  })
  .meta({ id: 'RemoteCheckReport' });
export type RemoteCheckReport = z.infer<typeof remoteCheckReportSchema>;

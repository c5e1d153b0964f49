import { z } from './zod.ts';
import { completenessSchema } from './completeness.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';

/** The answer of `pull`. */
export const pullReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('pull'),
    backupId: z.string(),
    /** Absolute. */
    folder: z.string(),
    /** `there`: the repository had the same bytes before. */
    outcome: z.enum(['pulled', 'there']),
    /** The name in the config, or the URL that was given. */
    remote: z.string(),
    /** The URL of the copy. */
    place: z.string(),
    tag: z.string(),
    completeness: completenessSchema,
    bytes: count,
    findings: findingsSchema,
  })
  .meta({ id: 'PullReport' });
export type PullReport = z.infer<typeof pullReportSchema>;

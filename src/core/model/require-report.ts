import { z } from './zod.ts';
import { commandResultSchema } from './guard-report.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';

/** One thing that is demanded of the backup. */
const demandSchema = z.object({
  demand: z.enum(['complete', 'max-age', 'verified', 'rehearsed', 'copies', 'unchanged']),
  met: z.boolean(),
  /** What was seen, in a sentence. */
  evidence: z.string(),
});
export type Demand = z.infer<typeof demandSchema>;

/** The answer of `require`. Unless every demand is met, or `because` says why that does not matter, the command is not run (exit 6). */
export const requireReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('require'),
    root: z.string(),
    repository: z.string(),
    /** The newest complete backup of the project; null if there is none. */
    backupId: z.string().nullable(),
    met: z.boolean(),
    demands: z.array(demandSchema),
    /** In how many remotes a copy of it is; null if nobody asked. */
    copies: count.nullable(),
    /** Why it went on though a demand is not met; it is in the operation log. */
    because: z.string().nullable(),
    /** What the command did; null if none was given, or if it was not run. */
    result: commandResultSchema.nullable(),
    findings: findingsSchema,
  })
  .meta({ id: 'RequireReport' });
export type RequireReport = z.infer<typeof requireReportSchema>;

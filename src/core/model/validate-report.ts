import { z } from 'zod';
import { count, recommendationsSchema, reportHeadSchema } from './report.ts';

/** One check of the pre-flight. `critical` means: create or restore would fail. */
export const checkResultSchema = z.object({
  /** Stable id in kebab-case. */
  id: z.string(),
  group: z.enum(['prerequisites', 'configuration', 'store', 'project', 'inventory', 'coverage']),
  status: z.enum(['ok', 'info', 'warning', 'critical']),
  message: z.string(),
  evidence: z.record(z.string(), z.unknown()).optional(),
  recommendation: z.string().optional(),
  /** Every path it is about, uncut. */
  paths: z.array(z.string()).optional(),
});
export type CheckResult = z.infer<typeof checkResultSchema>;

export const inventorySchema = z.record(
  z.string(),
  z.object({
    files: count,
    bytes: count,
    stores: z.array(
      z.object({ path: z.string(), engine: z.string(), held: z.enum(['yes', 'no', 'unknown']).optional() }),
    ),
  }),
);

/** What `validate` answers. */
export const validateReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('validate'),
    root: z.string(),
    store: z.string(),
    config: z.string().nullable(),
    status: z.enum(['HEALTHY', 'WARNING', 'CRITICAL']),
    checks: z.array(checkResultSchema),
    inventory: inventorySchema,
    totals: z.object({ files: count, bytes: count }),
    recommendations: recommendationsSchema,
    reportFile: z.string().nullable(),
  })
  .meta({ id: 'ValidateReport' });
export type ValidateReport = z.infer<typeof validateReportSchema>;

import { z } from './zod.ts';
import { completenessSchema } from './completeness.ts';
import { manifestCategorySchema } from './manifest.ts';
import { pushedCopySchema } from './push-report.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';
import { signatureSchema } from './sign-report.ts';

/** The answer of `create`. `verified` is null after --no-verify: then nothing was proven, and nothing is claimed. */
export const createReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('create'),
    backupId: z.string(),
    /** Absolute path of the committed backup. */
    folder: z.string(),
    /** SHA-256 (hex) of its checksums/ARTIFACTS.sha256, as it was proven. That names every other file: kept elsewhere, it tells whether this is still that backup. */
    artifactsSha256: z.string(),
    kind: z.enum(['migration', 'safety']),
    /** `partial`: --allow-partial left something out (exit 3). */
    completeness: completenessSchema,
    status: z.enum(['complete', 'partial']),
    categories: z.record(z.string(), manifestCategorySchema),
    totals: z.object({ files: count, bytes: count, archivedBytes: count }),
    verified: z.object({ status: z.enum(['PASSED', 'WARNING']), durationMs: z.number(), bytes: count }).nullable(),
    findings: findingsSchema,
    /** Attributes that no backup keeps and that were not looked for, because the tool is not installed or would take too long. */
    notLookedAt: z.array(z.string()),
    /** With --sign: who signed it; null if it could not be signed, which is exit 3. */
    signature: signatureSchema.nullable().optional(),
    /** With --push: what became of the backup in each remote. Fewer copies than were asked for are exit 3. */
    copies: z.array(pushedCopySchema).optional(),
    /** With --push: how many copies were asked for. */
    minCopies: count.optional(),
  })
  .meta({ id: 'CreateReport' });
export type CreateReport = z.infer<typeof createReportSchema>;

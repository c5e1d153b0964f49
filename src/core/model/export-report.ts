import { z } from './zod.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';

/** The answer of `export`. */
export const exportReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('export'),
    /** The id of the backup in the file: a part has an id of its own. */
    backupId: z.string(),
    /** The id of the backup that it is a part of; null if it is the whole backup. */
    partOf: z.string().nullable(),
    /** Terms of `--only`; empty if it is the whole backup. */
    selection: z.array(z.string()),
    format: z.enum(['zip', 'tar']),
    /** Absolute path of the file, `-` for stdout. */
    output: z.string(),
    /** Bytes of the exported file. */
    bytes: count,
    /** SHA-256 of the exported file. */
    sha256: z.string(),
    /** Fingerprints of those for whom the file is encrypted; null if it is not encrypted. */
    encryption: z.object({ recipients: z.array(z.string()).min(1) }).nullable(),
    /** How many files of the backup folder are in it: all of them. */
    artifacts: count,
    /** `read-back`: the finished file was read again; `passing`: a stream was checked while it was written. */
    checked: z.enum(['read-back', 'passing']),
    findings: findingsSchema,
  })
  .meta({ id: 'ExportReport' });
export type ExportReport = z.infer<typeof exportReportSchema>;

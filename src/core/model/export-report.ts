import { z } from './zod.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';

/** The answer of `export`. */
export const exportReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('export'),
    /** Of the backup in the file: a part has an id of its own. */
    backupId: z.string(),
    /** Id of the backup that it is a part of; null where it is all of it. */
    partOf: z.string().nullable(),
    /** Terms of `--only`; empty where it is all of the backup. */
    selection: z.array(z.string()),
    format: z.enum(['zip', 'tar']),
    /** Absolute path of the file, `-` for stdout. */
    output: z.string(),
    /** Bytes of the exported file. */
    bytes: count,
    /** SHA-256 of the exported file. */
    sha256: z.string(),
    /** Files of the backup folder in it: all of them. */
    artifacts: count,
    /** `read-back`: the finished file was read again; `passing`: a stream was checked while it was written. */
    checked: z.enum(['read-back', 'passing']),
    findings: findingsSchema,
  })
  .meta({ id: 'ExportReport' });
export type ExportReport = z.infer<typeof exportReportSchema>;

import { databaseFactsSchema, manifestDatabaseSchema } from './database.ts';
import { lookedIntoSchema } from './db-ls-report.ts';
import { findingsSchema, reportHeadSchema } from './report.ts';
import { z } from './zod.ts';

/** What `db digest` answers: what a database holds, read anew from its bytes. */
export const dbDigestReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('db digest'),
    ...lookedIntoSchema.shape,
    facts: databaseFactsSchema,
    /** What the backup's manifest states of this database; null on disk, and for a database that was taken as plain files. */
    stated: manifestDatabaseSchema.nullable(),
    /** Whether records and digest are those that were read; null without such a statement. */
    agrees: z.boolean().nullable(),
    /** What is to be said of it, for example that its integrity check fails. */
    findings: findingsSchema,
  })
  .meta({ id: 'DbDigestReport' });
export type DbDigestReport = z.infer<typeof dbDigestReportSchema>;

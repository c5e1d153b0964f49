import { databaseFactsSchema, manifestDatabaseSchema } from './database.ts';
import { lookedIntoSchema } from './db-ls-report.ts';
import { findingsSchema, reportHeadSchema } from './report.ts';
import { z } from './zod.ts';

/** The answer of `db digest`: what a database holds, read from its bytes. */
export const dbDigestReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('db digest'),
    ...lookedIntoSchema.shape,
    facts: databaseFactsSchema,
    /** What the backup's manifest states of this database; null on disk, and for a database that was taken as plain files. */
    stated: manifestDatabaseSchema.nullable(),
    /** Whether the stated records and digest are those that were read; null if nothing is stated. */
    agrees: z.boolean().nullable(),
    /** What is worth knowing about the database, for example that its integrity check fails. */
    findings: findingsSchema,
  })
  .meta({ id: 'DbDigestReport' });
export type DbDigestReport = z.infer<typeof dbDigestReportSchema>;

import { z } from './zod.ts';
import { manifestDatabaseSchema } from './manifest.ts';
import { count, reportHeadSchema } from './report.ts';

/** What `leveldb digest` answers: what a database holds, read anew from its bytes. */
export const leveldbDigestReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('leveldb digest'),
    /** The folder of the database: absolute on disk, project-relative in a backup. */
    database: z.string(),
    /** The backup it stands in; null for a folder on disk. */
    backupId: z.string().nullable(),
    engine: manifestDatabaseSchema.shape.engine,
    /** Live entries; null for a foreign comparator: every checksum was checked, nothing can be counted. */
    records: manifestDatabaseSchema.shape.records,
    /** Digest v1, hex; null as above. */
    digest: manifestDatabaseSchema.shape.digest,
    comparator: manifestDatabaseSchema.shape.comparator,
    lastSequence: count,
    tables: count,
    logs: count,
    /** Bytes of the keys and values of the live entries. */
    keyBytes: count,
    valueBytes: count,
    /** What the backup's manifest states of this database; null on disk, and for a database that was taken as plain files. */
    stated: manifestDatabaseSchema.pick({ records: true, digest: true }).nullable(),
    /** Whether that is what was read; null without such a statement. */
    agrees: z.boolean().nullable(),
  })
  .meta({ id: 'LeveldbDigestReport' });
export type LeveldbDigestReport = z.infer<typeof leveldbDigestReportSchema>;

import { ENGINES } from './engine-name.ts';
import { count, reportHeadSchema } from './report.ts';
import { z } from './zod.ts';

/** Which database a `db` command has looked into. */
export const lookedIntoSchema = z.object({
  /** Its path: absolute on disk, project-relative in a backup. */
  database: z.string(),
  /** The backup that it is in; null on disk. */
  backupId: z.string().nullable(),
});

const listedTableSchema = z.object({
  /** As keys are written (docs/cli-json.md). */
  name: z.string(),
  /** Its rows; null if they cannot be counted. */
  records: count.nullable(),
});
export type ListedTable = z.infer<typeof listedTableSchema>;

/** The answer of `db ls`: the tables of a database, or keys. */
export const dbLsReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('db ls'),
    ...lookedIntoSchema.shape,
    engine: z.enum(ENGINES),
    /** The table that was asked for. */
    table: z.string().nullable(),
    /** What the listed keys begin with, as keys are written (docs/cli-json.md); null if all were asked for. */
    prefix: z.string().nullable(),
    /** Null if keys are listed. */
    tables: z.array(listedTableSchema).nullable(),
    /** Keys in the database's order, as `db get` takes them, and how many bytes their values have; null if tables are listed. */
    records: z.array(z.object({ key: z.string(), bytes: count })).nullable(),
    /** True if there are more than --limit keys. */
    more: z.boolean(),
  })
  .meta({ id: 'DbLsReport' });
export type DbLsReport = z.infer<typeof dbLsReportSchema>;

import { z } from './zod.ts';
import { completenessSchema } from './completeness.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';

const verificationSchema = z.object({
  /** ISO 8601, UTC. */
  time: z.string(),
  status: z.enum(['PASSED', 'WARNING', 'FAILED']),
  /** Only `full` counts as verified. */
  mode: z.enum(['full', 'sample', 'quick', 'selection']),
  /** Everything was unpacked and every database opened too (verify --rehearse). */
  rehearsed: z.boolean(),
});

/** Whose backup it is, as its manifest says; null where it does not, or cannot be read. */
const listedProjectSchema = z.object({
  id: z.string().nullable(),
  name: z.string().nullable(),
  /** Where the project was when it was made. */
  root: z.string().nullable(),
  /** It is this project's: `latest`, `prune` and `validate` know it. */
  own: z.boolean(),
});

/** One line of `list`. What the manifest says is null where the manifest cannot be read. */
export const listedBackupSchema = z.object({
  backupId: z.string(),
  kind: z.enum(['migration', 'safety']),
  /** Absolute. */
  folder: z.string(),
  /** ISO 8601, UTC, as the id says. */
  createdAt: z.iso.datetime(),
  /** Negative for a backup from the future. */
  ageSeconds: z.int(),
  /** `damaged` is what shows without reading content; only `verify` proves that a backup is good. `forbidden`: this user may not read it. */
  status: z.enum(['readable', 'damaged', 'forbidden']),
  /** What is wrong with it. */
  problem: z.string().nullable(),
  completeness: completenessSchema.nullable(),
  files: count.nullable(),
  bytes: count.nullable(),
  archivedBytes: count.nullable(),
  note: z.string().nullable(),
  tags: z.record(z.string(), z.string()),
  /** Categories that hold something. */
  categories: z.array(z.string()),
  /** True: files that count as secrets were taken too. */
  holdsSecrets: z.boolean().nullable(),
  lastVerification: verificationSchema.nullable(),
  project: listedProjectSchema,
});
export type ListedBackup = z.infer<typeof listedBackupSchema>;

/** What `list` answers, newest first. */
export const listReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('list'),
    root: z.string(),
    repository: z.string(),
    /** The project's id, as its next backup will record it. */
    project: z.string(),
    /** This project's; with --all-projects all of the repository. */
    backups: z.array(listedBackupSchema),
    /** How many more the repository holds of other projects: --all-projects shows them. */
    ofOthers: count,
    /** True: a restore was interrupted; `recover` finishes it or takes it back. */
    unfinishedTransaction: z.boolean(),
    findings: findingsSchema,
  })
  .meta({ id: 'ListReport' });
export type ListReport = z.infer<typeof listReportSchema>;

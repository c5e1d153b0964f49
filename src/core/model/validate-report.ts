import { ENGINES } from './engine-name.ts';
import { z } from './zod.ts';
import { deploymentsSchema } from './recorded-deployments.ts';
import { count, recommendationsSchema, reportHeadSchema } from './report.ts';

/** Every check. All are in every report, except `inodes` if the file system has none, and `newest-backup` if there is no backup yet. */
export const CHECK_IDS = [
  'state-gone',
  'runtime',
  'clock',
  'config',
  'npm-scripts',
  'gitignore',
  'round-trip',
  'lock',
  'git-clean',
  'space',
  'inodes',
  'backups',
  'newest-backup',
  'copies',
  'keys',
  'stale-work',
  'state-folder',
  'restore-writable',
  'one-file-system',
  'transaction',
  'replaced-kept',
  'guard',
  'inventory',
  'sources-readable',
  'sources-there',
  'sources-named',
  'sources-inside',
  'sources-still',
  'databases-placed',
  'databases-read',
  'databases-held',
  'secrets-left-out',
  'secrets-taken',
  'invalid-json',
  'sources-are-links',
  'links-out',
  'special-files',
  'special-bits',
  'attributes',
  'portable-names',
  'databases-gone',
  'databases-zeroed',
  'databases-none',
  'databases-foreign',
  'deployments',
  'registries-valid',
  'registries-read',
  'chains-agree',
  'addresses-valid',
  'artifacts-complete',
  'implementations-known',
  'journals-agree',
  'journals-whole',
  'coverage',
  'secrets-not-covered',
  'only-here',
  'report',
] as const;
export type CheckId = (typeof CHECK_IDS)[number];

/** One check of the pre-flight. `critical` means: create or restore would fail, or state is gone. */
export const checkResultSchema = z.object({
  /** Stable. */
  id: z.enum(CHECK_IDS),
  group: z.enum([
    'state',
    'prerequisites',
    'configuration',
    'repository',
    'project',
    'inventory',
    'deployments',
    'coverage',
  ]),
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
    directories: count,
    symlinks: count,
    bytes: count,
    databases: z.array(
      z.object({
        path: z.string(),
        engine: z.enum(ENGINES),
        /** Null if not counted: only its application knows its order of keys, or `problem` says why. */
        records: count.nullable(),
        /** As in a manifest; null as above. */
        digest: z.string().nullable(),
        held: z.enum(['yes', 'no', 'unknown']),
        /** The processes that hold it, as far as the system tells. */
        pids: z.array(z.number()),
        problem: z.string().nullable(),
      }),
    ),
  }),
);

/** The answer of `validate`. */
export const validateReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('validate'),
    root: z.string(),
    repository: z.string(),
    config: z.string().nullable(),
    status: z.enum(['HEALTHY', 'WARNING', 'CRITICAL']),
    checks: z.array(checkResultSchema),
    inventory: inventorySchema,
    totals: z.object({ files: count, bytes: count }),
    /** What the deployment registries of the inventory record. */
    deployments: deploymentsSchema,
    recommendations: recommendationsSchema,
    reportFile: z.string().nullable(),
  })
  .meta({ id: 'ValidateReport' });
export type ValidateReport = z.infer<typeof validateReportSchema>;

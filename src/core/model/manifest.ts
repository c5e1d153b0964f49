import { z } from './zod.ts';
import { manifestDatabaseSchema } from './database.ts';
import { ENGINES } from './engine-name.ts';
import { findingSchema } from './finding.ts';
import { FORMAT_VERSION } from './format-version.ts';

const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const sourceConfigSchema = z.looseObject({
  name: z.string(),
  path: z.string(),
  type: z.enum(['files', ...ENGINES]),
  include: z.array(z.string()),
  exclude: z.array(z.string()),
  required: z.boolean(),
  exclusive: z.boolean(),
  external: z.boolean(),
});

export const manifestSourceSchema = z.looseObject({
  name: z.string(),
  path: z.string(),
  type: z.enum(['files', ...ENGINES]),
  exclusive: z.boolean(),
  external: z.boolean(),
  files: count,
  bytes: count,
  /** Databases found in this source: one if its type is an engine, otherwise any number. */
  databases: z.array(manifestDatabaseSchema).optional(),
});
export type ManifestSource = z.infer<typeof manifestSourceSchema>;

export const archiveSchema = z.looseObject({
  file: z.string(),
  size: count,
  sha256,
  /** Bytes of the uncompressed tar, end blocks included. */
  tarSize: count,
  /** Number of zstd frames, without the seek table; 0 for `none`. */
  frames: count,
  compression: z.enum(['zstd', 'none']),
});
export type Archive = z.infer<typeof archiveSchema>;

export const manifestCategorySchema = z.looseObject({
  /** Absent if the category is empty or absent, because then there is no archive. */
  archive: archiveSchema.optional(),
  status: z.enum(['complete', 'partial', 'empty', 'absent']),
  files: count,
  directories: count,
  symlinks: count,
  bytes: count,
  sources: z.array(manifestSourceSchema),
});
export type ManifestCategory = z.infer<typeof manifestCategorySchema>;

/** The project's names when the backup was made, the strongest first. Without any name, the project was not recorded. */
export const projectNamesSchema = z.object({
  /** `project` of its config, else the id that was remembered, else `git:` and the remote, else `root:` and the root. */
  id: z.string().optional(),
  /** The git remote without scheme, user and `.git`; then `//` and the path of the project in it. */
  remote: z.string().optional(),
  /** Absolute folder of the project. */
  root: z.string().optional(),
  /** Where the repository was in the project; absent if it was outside. */
  repository: z.string().optional(),
});
export type ProjectNames = z.infer<typeof projectNamesSchema>;

export const manifestSchema = z
  .looseObject({
    formatVersion: z.literal(FORMAT_VERSION),
    backupId: z.string(),
    kind: z.enum(['migration', 'safety']),
    /** ISO 8601, UTC. */
    createdAt: z.iso.datetime(),
    note: z.string().optional(),
    tags: z.record(z.string(), z.string()).optional(),
    tool: z.looseObject({ name: z.string(), version: z.string(), runtime: z.string() }),
    host: z.looseObject({ platform: z.string(), arch: z.string() }),
    project: z.looseObject({
      ...projectNamesSchema.shape,
      name: z.string().optional(),
      git: z.looseObject({ commit: z.string(), branch: z.string().optional(), dirty: z.boolean() }).optional(),
    }),
    config: z.looseObject({
      compression: z.enum(['zstd', 'none']),
      level: z.int(),
      includeSecrets: z.boolean(),
      secrets: z.array(z.string()),
      /** Folder names that are left out wherever they occur in a source of type `files`. */
      leftOutFolders: z.array(z.string()),
      only: z.array(z.string()).optional(),
      categories: z.record(z.string(), z.looseObject({ sources: z.array(sourceConfigSchema) })),
    }),
    categories: z.record(z.string(), manifestCategorySchema),
    totals: z.looseObject({ files: count, bytes: count, archivedBytes: count }),
    index: z.looseObject({ file: z.string(), entries: count, sha256 }),
    checksums: z.looseObject({ file: z.string(), entries: count, sha256 }),
    /** Safety backups only: paths that did not exist and that `undo` removes. */
    absent: z.array(z.string()).optional(),
    findings: z.array(findingSchema),
  })
  .meta({ id: 'Manifest' });
export type Manifest = z.infer<typeof manifestSchema>;

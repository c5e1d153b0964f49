import type { Category, Config } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import { FORMAT_VERSION } from '../model/format-version.ts';
import type { Manifest, ManifestCategory, ProjectNames } from '../model/manifest.ts';
import { LEFT_OUT_FOLDERS } from '../paths/paths.ts';
import type { GitFacts } from '../scan/git-facts.ts';

export interface ManifestParts {
  readonly id: string;
  readonly kind: 'migration' | 'safety';
  readonly createdAt: Date;
  readonly note?: string | undefined;
  readonly tags?: Record<string, string> | undefined;
  readonly only?: readonly string[] | undefined;
  readonly absent?: readonly string[] | undefined;
  readonly categories: ReadonlyMap<string, ManifestCategory>;
  readonly index: { readonly file: string; readonly entries: number; readonly sha256: string };
  readonly checksums: { readonly file: string; readonly entries: number; readonly sha256: string };
  readonly findings: readonly Finding[];
  readonly git: GitFacts | undefined;
  readonly projectName: string | undefined;
  /** Null if it is not known whose backup this is. */
  readonly projectNames: ProjectNames | null;
}

/** The manifest of a finished work folder: every figure in it was counted while writing. */
export function buildManifest(config: Config, parts: ManifestParts, context: Context): Manifest {
  const categories = [...parts.categories.values()];
  const total = (figure: (category: ManifestCategory) => number) => categories.reduce((sum, c) => sum + figure(c), 0);
  return {
    formatVersion: FORMAT_VERSION,
    backupId: parts.id,
    kind: parts.kind,
    createdAt: parts.createdAt.toISOString(),
    ...(parts.note === undefined ? {} : { note: parts.note }),
    ...(parts.tags === undefined || Object.keys(parts.tags).length === 0 ? {} : { tags: parts.tags }),
    tool: { ...context.tool },
    host: { platform: process.platform, arch: process.arch },
    project: {
      ...parts.projectNames,
      ...(parts.projectName === undefined ? {} : { name: parts.projectName }),
      ...(parts.git === undefined ? {} : { git: { ...parts.git } }),
    },
    config: {
      compression: config.compression,
      level: config.level,
      includeSecrets: config.includeSecrets,
      secrets: [...config.secrets],
      leftOutFolders: [...LEFT_OUT_FOLDERS],
      ...(parts.only === undefined || parts.only.length === 0 ? {} : { only: [...parts.only] }),
      categories: Object.fromEntries(config.categories.map((category) => [category.name, recordCategory(category)])),
    },
    categories: Object.fromEntries(parts.categories),
    totals: {
      files: total((c) => c.files),
      bytes: total((c) => c.bytes),
      archivedBytes: total((c) => c.archive?.size ?? 0),
    },
    index: parts.index,
    checksums: parts.checksums,
    ...(parts.absent === undefined ? {} : { absent: [...parts.absent] }),
    findings: [...parts.findings],
  };
}

function recordCategory(category: Category): Manifest['config']['categories'][string] {
  return {
    sources: category.sources.map(({ name, path, type, include, exclude, required, exclusive, external }) => ({
      name,
      path,
      type,
      include: [...include],
      exclude: [...exclude],
      required,
      exclusive,
      external,
    })),
  };
}

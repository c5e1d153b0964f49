import { engineOf } from '../databases/engines.ts';
import { ENGINES } from '../model/engine-name.ts';
import type { Category, Config } from '../model/category.ts';
import type { Finding } from '../model/finding.ts';
import type { Manifest } from '../model/manifest.ts';
import type { BackupKind } from '../format/id.ts';
import type { ScanOptions } from '../scan/scan-item.ts';
import type { IsRaw } from './choose-raw.ts';
import type { Problems } from './problems.ts';

export interface TakeOptions {
  readonly kind: BackupKind;
  /** It has all categories, which are recorded; `categories` are those that are stored. */
  readonly config: Config;
  readonly categories: readonly Category[];
  readonly only?: readonly string[] | undefined;
  readonly note?: string | undefined;
  readonly tags?: Record<string, string> | undefined;
  readonly verify: boolean;
  readonly allowPartial: boolean;
  /** Databases that are taken as plain files, unproven. */
  readonly raw?: IsRaw | undefined;
  /** For safety backups: `select` says which paths are stored, and `absent` lists the paths where nothing was. */
  readonly select?: ((path: string) => boolean) | undefined;
  readonly absent?: readonly string[] | undefined;
  /** Findings from before. */
  readonly findings?: readonly Finding[] | undefined;
  /** Called after everything is written. If it throws, there is no backup. */
  readonly beforeCommit?: (manifest: Manifest) => void;
  /** True if it is not known whose backup this is. Then none of the project's names is recorded. */
  readonly ofNobody?: boolean | undefined;
}

/**
 * Drops problems that do not concern a safety backup. It stores only what is about to be replaced, so a problem elsewhere does not matter. And if a
 * source is reached only through a link, the source that holds the link stores that link.
 */
export function problemFilter({ kind, select }: TakeOptions, problems: Problems): ScanOptions['onProblem'] {
  return (problem) => {
    if (select !== undefined && !select(problem.path)) return;
    if (kind === 'safety' && problem.code === 'UNSAFE_TARGET') return;
    problems.add(problem);
  };
}

/** Drops findings of a scan about paths that are not stored: a database of which nothing is stored must not be reported as stored unproven. */
export function findingFilter({ select }: TakeOptions, onFinding: (finding: Finding) => void): typeof onFinding {
  return (finding) => {
    const { path: about } = finding;
    if (
      select === undefined ||
      about === undefined ||
      select(about) ||
      ENGINES.some((name) => select(engineOf(name).pathOf(about, engineOf(name).marker)))
    )
      onFinding(finding);
  };
}

/**
 * Which databases are taken as plain files: those that `--raw` names. In a safety backup these are all, because a broken database must never block a
 * restore or an undo.
 */
export function rawDatabases({ kind, raw }: TakeOptions): ScanOptions['databaseAsFiles'] {
  return kind === 'safety' ? () => true : raw;
}

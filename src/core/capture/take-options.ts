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
  /** All categories there are (recorded), and those that are stored. */
  readonly config: Config;
  readonly categories: readonly Category[];
  readonly only?: readonly string[] | undefined;
  readonly note?: string | undefined;
  readonly tags?: Record<string, string> | undefined;
  readonly verify: boolean;
  readonly allowPartial: boolean;
  /** Databases that are taken as plain files, unproven. */
  readonly raw?: IsRaw | undefined;
  /** Safety backups: only these paths, and the paths that did not exist. */
  readonly select?: ((path: string) => boolean) | undefined;
  readonly absent?: readonly string[] | undefined;
  /** What is known of it already. */
  readonly findings?: readonly Finding[] | undefined;
  /** A last look at what was written; what it throws takes the backup back. */
  readonly beforeCommit?: (manifest: Manifest) => void;
  /** It is not known whose backup it is: then none of the project's names is recorded. */
  readonly ofNobody?: boolean | undefined;
}

/**
 * A safety backup takes what is about to be replaced: what lies outside of that is none of its business, and a source that is reached
 * through a link only is saved as that link, by the source that holds it.
 */
export function problemFilter({ kind, select }: TakeOptions, problems: Problems): ScanOptions['onProblem'] {
  return (problem) => {
    if (select !== undefined && !select(problem.path)) return;
    if (kind === 'safety' && problem.code === 'UNSAFE_TARGET') return;
    problems.add(problem);
  };
}

/** The same for what a scan has to say: a database of which nothing is saved is not one that is saved unproven. */
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

/** Which databases are plain files: those that `--raw` names; in a safety backup every one, since a broken database must never block the way back. */
export function rawDatabases({ kind, raw }: TakeOptions): ScanOptions['databaseAsFiles'] {
  return kind === 'safety' ? () => true : raw;
}

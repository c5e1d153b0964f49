import type { EngineName } from '../../model/engine-name.ts';
import type { EntryType } from '../../model/entry.ts';
import type { Finding } from '../../model/finding.ts';
import type { ReadDeployments } from '../../records/deployments.ts';
import type { EntryFilter } from '../../scan/terms.ts';
import type { DatabaseState } from '../../model/diff-report.ts';

/** One path of one side of a comparison. */
export interface SideEntry {
  /** Name of its source. */
  readonly source: string;
  readonly path: string;
  readonly type: EntryType;
  readonly size: number;
  readonly mode: number;
  readonly target?: string | undefined;
  /** SHA-256 of a file's content; a live file is read only when this is called. Null if it cannot be read. */
  readonly sha256: () => string | null;
  /** The same, if it is known without reading anything. */
  readonly knownSha256?: string | undefined;
}

export interface SideDatabase {
  readonly path: string;
  readonly category: string;
  readonly source: string;
  readonly engine: EngineName;
  /** Null: it could not be read; `problem` says why. */
  readonly state: DatabaseState | null;
  readonly problem: string | null;
}

/** A backup or the live project, as a comparison sees it. */
export interface Side {
  readonly backupId: string | null;
  readonly where: string;
  /** Names of the categories, in the side's own order. */
  readonly categories: readonly string[];
  /** What one category holds, in `comparePaths` order. Categories may be asked for in any order. */
  entries(category: string): AsyncGenerator<SideEntry>;
  databases(isWanted: EntryFilter): Promise<SideDatabase[]>;
  /** What deployment registries record, as far as the entries were read. */
  recorded(isWanted: EntryFilter): Promise<ReadDeployments>;
  /** What could not be compared or is left out, as far as the entries were read. */
  findings(): Finding[];
}

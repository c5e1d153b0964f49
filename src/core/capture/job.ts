import type { Category, Config, Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import type { IndexWriter } from '../format/index-file.ts';
import type { Ownership } from '../scan/ownership.ts';
import type { MappedFiles } from '../fs/mapped-files.ts';
import type { Patience } from '../scan/patience.ts';
import type { SumsWriter } from '../format/sums.ts';
import type { PackThreads } from './pack-threads.ts';
import type { Problems } from './problems.ts';
import type { SteadyInventory } from './steady-inventory.ts';
import type { BackgroundTasks } from './background-tasks.ts';

/** What all parts of one running backup share. */
export interface BackupJob {
  readonly project: Project;
  /** The effective configuration. It has all categories; `categories` below are the chosen ones. */
  readonly config: Config;
  readonly categories: readonly Category[];
  readonly ownership: Ownership;
  /** The `.partial-<id>` folder. */
  readonly folder: string;
  /** What the owning group may do, by path. It has only paths with an ACL. */
  readonly groupRights: ReadonlyMap<string, number>;
  readonly index: IndexWriter;
  readonly sums: SumsWriter;
  readonly packThreads: PackThreads;
  readonly problems: Problems;
  readonly background: BackgroundTasks;
  readonly onFinding: (finding: Finding) => void;
  readonly isSomewhere: SteadyInventory['isSomewhere'];
  /** The files that other processes have mapped into memory, and so may write to while they are read. */
  readonly mapped: MappedFiles;
  readonly patience: Patience;
  readonly progress: { files: number; bytes: number };
  readonly context: Context;
}

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

/** What every part of one running backup shares. */
export interface BackupJob {
  readonly project: Project;
  /** The effective configuration; its categories are all there are, `categories` the chosen ones. */
  readonly config: Config;
  readonly categories: readonly Category[];
  readonly ownership: Ownership;
  /** The `.partial-<id>` folder. */
  readonly folder: string;
  /** By path, where there is an ACL: what the owning group may do. */
  readonly groupRights: ReadonlyMap<string, number>;
  readonly index: IndexWriter;
  readonly sums: SumsWriter;
  readonly packThreads: PackThreads;
  readonly problems: Problems;
  readonly background: BackgroundTasks;
  readonly onFinding: (finding: Finding) => void;
  readonly isSomewhere: SteadyInventory['isSomewhere'];
  /** What other processes may write to while it is read. */
  readonly mapped: MappedFiles;
  readonly patience: Patience;
  readonly progress: { files: number; bytes: number };
  readonly context: Context;
}

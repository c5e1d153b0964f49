import { rememberMade } from '../config/checkout.ts';
import { PathSet } from '../paths/path-set.ts';
import { comparePaths } from '../model/entry.ts';
import { parentOf } from '../paths/paths.ts';
import type { Config, Project, Source } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { ChangePlan } from '../transaction/change.ts';
import { takeBackup, type TakenBackup } from '../capture/take-backup.ts';
import type { Planned } from './plan-restore.ts';
import { unreadableMended } from './unreadable.ts';

/**
 * Takes an ordinary backup of everything that will be replaced or removed, with a list of the paths where nothing was. Throws what takeBackup throws;
 * with SOURCE_UNREADABLE the hint says what to run.
 */
export async function takeSafety(
  project: Project,
  { changes, config: known }: Pick<Planned, 'changes' | 'config'>,
  note: string,
  context: Context,
): Promise<TakenBackup> {
  const config = safetyConfig(known, changes);
  const replaced = changes.units.filter((unit) => unit.old !== null).map((unit) => unit.path);
  const folders = new Set([...changes.meta.map((step) => step.path), ...replaced.map(parentOf)]);
  // A mirrored folder is saved whole, even if only some of its files are moved: undo mirrors it again, and removes what was not saved.
  const saved = new PathSet([...replaced, ...changes.mirroredInside]);
  const select = (candidate: string): boolean => folders.has(candidate) || saved.covers(candidate);
  const absent = changes.units.flatMap((unit) => (unit.old === null ? [unit.path] : [])).toSorted(comparePaths);
  const options = {
    kind: 'safety',
    config,
    categories: config.categories,
    note,
    verify: true,
    allowPartial: false,
    select,
    absent,
  } as const;
  try {
    const taken = await takeBackup({ ...project, config }, options, context);
    rememberMade(project, taken.manifest.backupId, taken.artifactsSha256);
    return taken;
  } catch (error) {
    throw unreadableMended(project.root, error);
  }
}

/** The category for folders that a file of the backup replaces: no source of the backup contains what is in them. */
const REPLACED = 'replaced';

/** Secrets are backed up too, because undo must bring back everything that is replaced. */
function safetyConfig(config: Config, { units }: ChangePlan): Config {
  const known = config.categories.find(({ name }) => name === REPLACED)?.sources ?? [];
  const folders = units.filter(({ path, old, tree }) => {
    return old?.type === 'dir' && !tree && !known.some((source) => source.path === path);
  });
  const sources = folders.map(({ path }, at): Source => {
    const rules = { include: [], exclude: [], required: false, exclusive: false, external: false };
    return { category: REPLACED, name: `folder-${known.length + at + 1}`, path, type: 'files', ...rules };
  });
  const all = { ...config, includeSecrets: true };
  if (sources.length === 0) return all;
  const others = config.categories.filter(({ name }) => name !== REPLACED);
  return { ...all, categories: [...others, { name: REPLACED, sources: [...known, ...sources] }] };
}

import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import { isVersion1 } from '../format/version1.ts';
import type { FromRemote } from '../repository/remotes/open-copy.ts';
import { selectBackup } from '../repository/select.ts';
import type { SelectedBackup } from '../repository/selected.ts';

/**
 * The backup that `selector` names: an id or a part of one, a path, an exported file, or `latest`, which is the default. A backup of format version 1
 * is converted in a scratch folder, which `dispose` removes. With `from` it is a copy in a remote. A note says so if `latest` is not simply the newest.
 */
export async function select(
  project: Project,
  selector: string | undefined,
  cwd: string,
  context: Context,
  from?: FromRemote,
): Promise<SelectedBackup> {
  if (from !== undefined) {
    const { openCopy } = await import('../repository/remotes/open-copy.ts');
    return openCopy(project, selector ?? 'latest', from, context);
  }
  const onNote = (message: string): void => context.onEvent?.({ type: 'note', message });
  return readable(await selectBackup(project, selector ?? 'latest', { cwd, onNote, keys: context.keys }), context);
}

/** A backup that was found in the repository, in the form that operations work on. */
export async function readable(selected: SelectedBackup, context: Context): Promise<SelectedBackup> {
  if (!isVersion1(selected.folder)) return selected;
  const { importVersion1 } = await import('./import.ts');
  return importVersion1(selected.folder, selected.id, context);
}

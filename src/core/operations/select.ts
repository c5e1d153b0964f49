import type { Project } from '../model/category.ts';
import { selectBackup, type Selected } from '../store/catalog.ts';

export type { Selected };

/** The backup that `selector` names (an id, a unique prefix, a path, an exported file), or the newest migration backup. */
export async function select(project: Project, selector: string | undefined, cwd: string): Promise<Selected> {
  return selectBackup(project.store, selector, { cwd });
}

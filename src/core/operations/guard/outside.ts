import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../../fs/durable.ts';
import { STATE_FOLDER } from '../../paths/paths.ts';
import type { Project } from '../../model/category.ts';
import { Ownership } from '../../scan/ownership.ts';

/** Dependencies and version control are no state, and large. */
const PASSED_OVER = new Set(['node_modules', '.git', '.hg', '.svn', '.jj', STATE_FOLDER]);

/** What each path outside of every category looks like: enough to see that it was changed. */
export type Outside = ReadonlyMap<string, string>;

/** Looks at every file and link that no category covers, without reading it. */
export function lookOutside(project: Project): Outside {
  const ownership = new Ownership(project.config.categories);
  const seen = new Map<string, string>();
  const visit = (relative: string): void => {
    for (const entry of list(path.join(project.root, relative))) {
      const child = relative === '' ? entry.name : `${relative}/${entry.name}`;
      const native = path.join(project.root, child);
      if (native === project.repository) continue;
      if (entry.isDirectory()) {
        if (!PASSED_OVER.has(entry.name)) visit(child);
      } else if (ownership.ownerOf(child) === undefined) seen.set(child, appearance(native));
    }
  };
  visit('');
  return seen;
}

/** Paths that were added, changed or removed between two looks, in order. */
export function changedOutside(before: Outside, after: Outside): string[] {
  const changed = [...after].filter(([path, look]) => before.get(path) !== look).map(([path]) => path);
  const removed = [...before.keys()].filter((path) => !after.has(path));
  return [...changed, ...removed].toSorted();
}

function list(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function appearance(file: string): string {
  const stat = lstatOrNull(file);
  return stat === null ? 'gone' : `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.mode}`;
}

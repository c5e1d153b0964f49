import { lstatOrNull } from '../fs/durable.ts';
import { toNative } from '../paths/paths.ts';
import type { RestorePlan } from '../model/restore-report.ts';
import type { ChangePlan } from '../transaction/change.ts';

/** Folders that a plan adds, and those that it gives another mode: no files come or go with them, but they are changes all the same. */
export function folderChanges(root: string, { changes, units, meta, content }: ChangePlan): RestorePlan['changes'] {
  const known = new Set(changes.map(({ path }) => path));
  const found = new Map<string, 'add' | 'replace'>();
  for (const unit of units.filter(({ tree, hasNew }) => tree && hasNew)) {
    const folders = (content.get(unit.n) ?? []).filter(({ type }) => type === 'dir');
    for (const path of [unit.path, ...folders.map((entry) => entry.path)])
      if (lstatOrNull(toNative(root, path)) === null) found.set(path, 'add');
  }
  for (const { path, oldMode, newMode } of meta)
    if (oldMode !== newMode && !found.has(path)) found.set(path, 'replace');
  return [...found].filter(([path]) => !known.has(path)).map(([path, action]) => ({ path, action, type: 'dir' }));
}

import { lstatOrNull } from '../fs/durable.ts';
import { parentOf, toNative } from '../paths/paths.ts';
import { carriesNoData } from '../databases/engines.ts';
import { listBelow } from '../transaction/live-tree.ts';

/**
 * What to remove of a path that a safety backup calls absent: all of it if the backup's sources hold all that is there now, else only the files and
 * links that they hold. Whatever the list says, nothing that nobody selected is removed.
 * @param covered every path that the sources hold now
 */
export function absentToRemove(root: string, path: string, covered: ReadonlySet<string>): string[] {
  const stat = lstatOrNull(toNative(root, path));
  if (stat === null) return [];
  if (!stat.isDirectory()) return covered.has(path) ? [path] : [];
  const below = listBelow(root, path);
  const holding = new Set(below.map(parentOf));
  const isFolder = (each: string): boolean => lstatOrNull(toNative(root, each))?.isDirectory() === true;
  const foreign = below.some(
    (each) => !covered.has(each) && !carriesNoData(toNative(root, each)) && !(isFolder(each) && holding.has(each)),
  );
  const bare = below.length === 0 && !covered.has(path);
  if (!foreign && !bare) return [path];
  return below.filter((each) => covered.has(each) && !isFolder(each));
}

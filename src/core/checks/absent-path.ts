import { isPartNameOf } from '../databases/engines.ts';
import { escapeName } from '../paths/names.ts';
import { forbiddenPart, isInside, pathProblem } from '../paths/paths.ts';
import type { Manifest } from '../model/manifest.ts';

/**
 * Why a safety backup may not state this path as absent, or null. An undo removes what a safety backup states as absent. So only a path that a
 * restore may write can be one: a path in a source of the backup, or a folder above one that the restore had to make.
 */
export function absentProblem(manifest: Manifest, path: string): string | null {
  const problem = pathProblem(path);
  if (problem !== null) return problem;
  const forbidden = forbiddenPart(path);
  if (forbidden !== null) return `"${escapeName(forbidden)}" is never removed`;
  const sources = Object.values(manifest.categories).flatMap((category) => category.sources);
  const known = sources.some(
    (source) => isInside(path, source.path) || isInside(source.path, path) || isPartNameOf(path, source.path),
  );
  return known ? null : 'in no source of the backup';
}

import { isPartNameOf } from '../databases/engines.ts';
import { escapeName } from '../paths/names.ts';
import { forbiddenPart, isInside, pathProblem } from '../paths/paths.ts';
import type { Manifest } from '../model/manifest.ts';

/**
 * Why a safety backup may not call this path absent, or null. What it calls absent an undo removes, so it is held to what a restore may
 * write: a path in a source of the backup, or a folder above one that the restore had to make.
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

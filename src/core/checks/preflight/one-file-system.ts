import fs from 'node:fs';
import path from 'node:path';
import { mountPoints } from '../../fs/mounts.ts';
import type { Project } from '../../model/category.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { forbiddenPart, isInside } from '../../paths/paths.ts';
import { Ownership } from '../../scan/ownership.ts';
import { nameOf } from './restore-places.ts';

/** A restore swaps by renaming, which nothing does across a mount: what is mounted where it would rename cannot be restored in place. */
export function checkOneFileSystem(project: Project, places: readonly string[]): CheckResult {
  const { root } = project;
  const home = fs.statSync(root).dev;
  const elsewhere = places.filter((place) => fs.statSync(place).dev !== home).map((place) => nameOf(root, place));
  const folders = new Set(places.map((place) => nameOf(root, place)));
  const paths = [...new Set([...elsewhere, ...mountsInTheWay(project, folders)])];
  const about = { id: 'one-file-system', group: 'project' } as const;
  if (paths.length === 0)
    return { ...about, status: 'ok', message: 'everything a restore would change is on one file system' };
  return {
    ...about,
    status: 'critical',
    message: 'a restore in place could not swap what is mounted, or on another file system',
    paths,
    recommendation: 'Unmount it, or restore with --to DIR and move the files yourself.',
  };
}

/** Where something is mounted in the project, project-relative. */
export function mountsBelow(root: string): string[] {
  const real = fs.realpathSync(root);
  return mountPoints().flatMap((mount) => {
    const below = nameOf(real, mount);
    return below === '.' || below === '..' || below.startsWith('../') ? [] : [below];
  });
}

/**
 * Of these, what a restore would have to move, or move something out of. A bind mount has the device number of what it shows.
 * @param folders project-relative folders that have something to restore in them
 */
export function mountsInTheWay({ root, repository, config }: Project, folders: ReadonlySet<string>): string[] {
  const ownership = new Ownership(config.categories);
  const isOurs = (mount: string): boolean => path.join(root, mount) === repository || forbiddenPart(mount) !== null;
  return mountsBelow(root).filter((mount) => {
    if ([...folders].some((folder) => isInside(folder, mount))) return true;
    return !isOurs(mount) && ownership.ownerOf(mount) !== undefined;
  });
}

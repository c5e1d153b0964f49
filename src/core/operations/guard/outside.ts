import fs from 'node:fs';
import path from 'node:path';
import { decodeName, escapeBytes, escapeName } from '../../paths/names.ts';
import { PathSet } from '../../paths/path-set.ts';
import { joined, STATE_FOLDER } from '../../paths/paths.ts';
import { errnoOf } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Finding } from '../../model/finding.ts';
import { leftOutTest } from '../../scan/left-out.ts';
import { Ownership } from '../../scan/ownership.ts';

/** Dependencies and version control are not state, and they are large. */
const PASSED_OVER = new Set(['node_modules', '.git', '.hg', '.svn', '.jj', STATE_FOLDER]);

/** What no backup takes: what lies outside of every category, and what is left out of one. */
export interface Outside {
  /** What each path looks like: enough to see that it was changed. */
  readonly seen: ReadonlyMap<string, string>;
  /** Folders that could not be looked into, each with what the system said. */
  readonly unseen: ReadonlyMap<string, string>;
}

/** Looks at everything but folders that no backup takes, without reading it. It never throws: what cannot be looked at is noted. */
export function lookOutside(project: Project): Outside {
  const ownership = new Ownership(project.config.categories);
  const isLeftOut = leftOutTest(project.config);
  const seen = new Map<string, string>();
  const unseen = new Map<string, string>();
  const visit = (folder: string): void => {
    const dir = path.join(project.root, folder);
    for (const entry of fs.readdirSync(dir, { withFileTypes: true, encoding: 'buffer' })) {
      const name = decodeName(entry.name);
      if (name === null) {
        const native = Buffer.concat([Buffer.from(dir + path.sep), entry.name]);
        seen.set(joined(folder, escapeBytes(entry.name)), appearance(native));
        continue;
      }
      const child = joined(folder, name);
      const native = path.join(dir, name);
      if (native === project.repository) continue;
      if (entry.isDirectory()) {
        if (!PASSED_OVER.has(name)) tryToVisit(child);
      } else if (ownership.ownerOf(child) === undefined || isLeftOut(child, entry)) seen.set(child, appearance(native));
    }
  };
  const tryToVisit = (folder: string): void => {
    try {
      visit(folder);
    } catch (error) {
      const errno = errnoOf(error);
      // It vanished while we looked.
      if (errno === 'ENOENT' || errno === 'ENOTDIR') return;
      if (errno === undefined) throw error;
      unseen.set(folder, errno);
    }
  };
  tryToVisit('.');
  return { seen, unseen };
}

/** Paths that were added, changed or removed between two looks, in order. Folders that could not be looked into both times are findings and not listed. */
export function changedOutside(before: Outside, after: Outside): { outside: string[]; findings: Finding[] } {
  const unseen = new PathSet([...before.unseen.keys(), ...after.unseen.keys()]);
  const changed = [...after.seen].filter(([path, look]) => before.seen.get(path) !== look).map(([path]) => path);
  const removed = [...before.seen.keys()].filter((path) => !after.seen.has(path));
  const fresh = [...after.unseen].filter(([folder]) => !before.unseen.has(folder));
  return {
    outside: [...changed, ...removed].filter((path) => !unseen.covers(path)).toSorted(),
    findings: [...notSeen('warning', fresh), ...notSeen('info', [...before.unseen])],
  };
}

/** @param severity `info` if the command had no part in it, because it was like that before */
function notSeen(severity: 'warning' | 'info', folders: readonly (readonly [string, string])[]): Finding[] {
  const [first] = folders;
  if (first === undefined) return [];
  const [folder, errno] = first;
  const more = folders.length > 1 ? ` and ${folders.length - 1} more` : '';
  const be = folders.length > 1 ? 'are' : 'is';
  return [
    {
      code: 'outside-not-seen',
      severity,
      message: `${escapeName(folder)}${more} ${be} in no category and cannot be looked into (${errno}): what the command changed there is not known`,
      path: folder,
      affects: folders.map(([each]) => each).toSorted(),
    },
  ];
}

function appearance(file: string | Buffer): string {
  const stat = fs.lstatSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? 'gone' : `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.mode}`;
}

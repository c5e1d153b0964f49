import path from 'node:path';
import { STATE_FOLDER } from '../../paths/paths.ts';
import { eolOf } from './text-file.ts';

/**
 * A .gitignore's text with the folders of migbackup added that it does not ignore yet, and the names of these folders. A repository outside of the
 * project needs no entry.
 */
export function foldersToIgnore(text: string, root: string, repository: string): { text: string; added: string[] } {
  const inside = path.relative(root, repository).split(path.sep).join('/');
  const outside = inside === '' || inside.startsWith('..') || path.isAbsolute(inside);
  return addIgnored(text, [...(outside ? [] : [inside]), STATE_FOLDER]);
}

/**
 * A .gitignore's text with the folders added that it does not ignore yet, and the names of these folders. The entries are anchored: a bare `backups/`
 * would hide `deployments/backups/` too, which is state.
 * @param folders project-relative, without slashes at the ends
 */
export function addIgnored(text: string, folders: readonly string[]): { text: string; added: string[] } {
  const present = new Set(text.split(/\r?\n/).map((line) => plain(line.replace(/^\uFEFF/, ''))));
  const added = folders.filter((folder) => !present.has(folder)).map((folder) => `/${folder}/`);
  if (added.length === 0) return { text, added };
  const eol = eolOf(text);
  const gap = text === '' || text.endsWith('\n') ? '' : eol;
  return { text: `${text}${gap}${added.map((line) => line + eol).join('')}`, added };
}

/** The folder that a line ignores: `/backups/`, `backups/**` and similar lines all mean `backups`. Git ignores trailing spaces. */
function plain(line: string): string {
  return line
    .trimEnd()
    .replace(/^\//, '')
    .replace(/\/(\*{1,2})?$/, '');
}

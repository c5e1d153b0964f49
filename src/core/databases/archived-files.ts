import type { Entry } from '../model/entry.ts';
import { damaged } from './damage.ts';
import type { DatabaseFiles, RandomAccess } from './database-files.ts';
import type { Engine } from './engine.ts';

/**
 * A database as it stands in an archive.
 * @param database its path, project-relative
 * @param entries members of the archive; those that are no part of the database are ignored
 * @param open gives the bytes of one of them
 */
export function archivedFiles(
  engine: Engine,
  database: string,
  entries: readonly Entry[],
  open: (entry: Entry) => RandomAccess,
): DatabaseFiles {
  const parts = new Map<string, Entry>();
  for (const entry of entries) {
    const part = engine.partOf(database, entry.path);
    if (part !== null) parts.set(part, entry);
  }
  return {
    names: () => [...parts.keys()],
    open(name) {
      const entry = parts.get(name);
      if (entry === undefined) throw damaged(engine.pathOf(database, name), 'it is missing');
      return open(entry);
    },
  };
}

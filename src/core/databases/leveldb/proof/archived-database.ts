import type { Entry } from '../../../model/entry.ts';
import { damaged } from '../format/damage.ts';
import type { RandomAccess, DatabaseFiles } from '../format/random-access.ts';

/** A database's files as they stand in an archive: `entries` are the members right in its folder, `open` gives their bytes. */
export function archivedDatabase(entries: readonly Entry[], open: (entry: Entry) => RandomAccess): DatabaseFiles {
  const byName = new Map(entries.map((entry) => [entry.path.slice(entry.path.lastIndexOf('/') + 1), entry]));
  return {
    names: () => [...byName.keys()],
    open(name) {
      const entry = byName.get(name);
      if (entry === undefined) throw damaged(name, 'it is missing');
      return open(entry);
    },
  };
}

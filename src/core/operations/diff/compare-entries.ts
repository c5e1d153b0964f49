import { comparePaths } from '../../model/entry.ts';
import type { DiffChange } from '../../model/diff-report.ts';
import type { SideEntry } from './side.ts';

export interface Compared {
  added: number;
  removed: number;
  changed: number;
  same: number;
}

/** Walks two ordered streams side by side: memory does not grow with what is equal. Returns the counts; differences go to `onChange`. */
export async function compareEntries(
  category: string,
  before: AsyncGenerator<SideEntry>,
  after: AsyncGenerator<SideEntry>,
  onChange: (change: DiffChange) => void,
): Promise<Compared> {
  const counts: Compared = { added: 0, removed: 0, changed: 0, same: 0 };
  let [a, b] = [await next(before), await next(after)];
  while (a !== undefined || b !== undefined) {
    const order = a === undefined ? 1 : b === undefined ? -1 : comparePaths(a.path, b.path);
    const [old, now] = [order <= 0 ? a : undefined, order >= 0 ? b : undefined];
    const change = describe(category, old, now);
    if (change === null) counts.same++;
    else {
      counts[change.change]++;
      onChange(change);
    }
    if (old !== undefined) a = await next(before);
    if (now !== undefined) b = await next(after);
  }
  return counts;
}

async function next(entries: AsyncGenerator<SideEntry>): Promise<SideEntry | undefined> {
  const result = await entries.next();
  return result.done === true ? undefined : result.value;
}

function describe(category: string, old: SideEntry | undefined, now: SideEntry | undefined): DiffChange | null {
  const present = now ?? old;
  if (present === undefined) return null;
  const { path, type } = present;
  const facts = {
    bytesBefore: old?.size ?? null,
    bytesAfter: now?.size ?? null,
    modeBefore: octal(old),
    modeAfter: octal(now),
  };
  if (old === undefined || now === undefined) {
    const hashes = { sha256Before: old?.knownSha256 ?? null, sha256After: now?.knownSha256 ?? null };
    return { path, category, change: old === undefined ? 'added' : 'removed', type, differs: [], ...facts, ...hashes };
  }
  const differs = differences(old, now);
  if (differs.length === 0) return null;
  // With equal sizes, both were read to compare them.
  const read = type === 'file' && old.type === 'file' && old.size === now.size;
  const hash = (entry: SideEntry): string | null => (read ? entry.sha256() : (entry.knownSha256 ?? null));
  const hashes = { sha256Before: hash(old), sha256After: hash(now) };
  return { path, category, change: 'changed', type, differs, ...facts, ...hashes };
}

function octal(entry: SideEntry | undefined): string | null {
  return entry === undefined ? null : entry.mode.toString(8).padStart(4, '0');
}

function differences(old: SideEntry, now: SideEntry): DiffChange['differs'] {
  if (old.type !== now.type) return ['type'];
  if (old.type === 'symlink') return old.target === now.target ? [] : ['target'];
  const differs: DiffChange['differs'] = [];
  if (old.type === 'file' && !sameContent(old, now)) differs.push('content');
  if (old.mode !== now.mode) differs.push('mode');
  return differs;
}

/** Compares sizes first: a live file is read only if they are equal. */
function sameContent(old: SideEntry, now: SideEntry): boolean {
  if (old.size !== now.size) return false;
  const [a, b] = [old.sha256(), now.sha256()];
  return a !== null && a === b;
}

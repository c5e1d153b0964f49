import type { Entry } from '../model/entry.ts';
import { escapeName } from '../paths/names.ts';
import type { TarMember } from './tar-decode.ts';
import { headerSeconds } from './tar-header.ts';

/** Where a member's header and its index entry disagree, one phrase each. */
export function headerDifferences(entry: Entry, member: TarMember): string[] {
  if (isSame(entry, member)) return [];
  const pairs: [string, unknown, unknown][] = [
    ['path', member.path, entry.path],
    ['type', member.type, entry.type],
    ['size', member.size, entry.size],
    ['mode', member.mode, entry.mode],
    ['mtime', member.mtime, headerSeconds(entry.mtimeNs)],
    ['uid', member.uid, entry.uid],
    ['gid', member.gid, entry.gid],
    ['target', member.target, entry.target],
  ];
  return pairs
    .filter(([, archived, indexed]) => archived !== indexed)
    .map(([key, archived, indexed]) => `${key} is ${show(archived)} in the archive, ${show(indexed)} in the index`);
}

/** Almost always, so it makes nothing. */
function isSame(entry: Entry, member: TarMember): boolean {
  return (
    member.path === entry.path &&
    member.type === entry.type &&
    member.size === entry.size &&
    member.mode === entry.mode &&
    member.mtime === headerSeconds(entry.mtimeNs) &&
    member.uid === entry.uid &&
    member.gid === entry.gid &&
    member.target === entry.target
  );
}

function show(value: unknown): string {
  return typeof value === 'string' ? `"${escapeName(value)}"` : String(value);
}

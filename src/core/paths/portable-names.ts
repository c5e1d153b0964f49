import { foldKey } from './paths.ts';

const RESERVED = /^(?:con|prn|aux|nul|com[1-9\u00b9\u00b2\u00b3]|lpt[1-9\u00b9\u00b2\u00b3])(?:\.|$)/iu;
const FORBIDDEN = /[<>:"|?*]/;
const INVISIBLE = /[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;
/** Names that every file system keeps as they are. They need no further check. */
const PLAIN = /^[\w@+=,-](?:[\w@+=,. -]*[\w@+=,-])?$/;

/** Why some supported file system cannot hold a name (one part of a path), or changes it; null if all can hold it. */
function portabilityProblem(name: string): string | null {
  if (RESERVED.test(name)) return 'a name that Windows reserves for a device';
  if (PLAIN.test(name)) return null;
  if (FORBIDDEN.test(name)) return 'a character that Windows does not allow in names';
  if (INVISIBLE.test(name)) return 'an invisible character, or one that turns the direction of writing';
  return /[. ]$/.test(name) ? 'a dot or space at its end, which Windows strips' : null;
}

/** Whether a file system might change a name, so that it has to be tried. */
export function mayBeChanged(name: string): boolean {
  return !PLAIN.test(name) || RESERVED.test(name);
}

/** Groups of names in one folder that some file system treats as the same (case, Unicode form, stripped characters). */
export function foldingNames(names: Iterable<string>): string[][] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const key = foldKey(name);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [name]);
    else group.push(name);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** All problems that the names of one folder may have on another file system. */
export function* nameProblems(names: readonly string[]): Generator<{ name: string; why: string }> {
  for (const name of names) {
    const why = portabilityProblem(name);
    if (why !== null) yield { name, why };
  }
  const why = 'a name that differs from another one in its folder only in case or form';
  for (const group of foldingNames(names)) for (const name of group) yield { name, why };
}

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/u;
const MAX_LENGTH = 1024;
/** Each additional star multiplies the time that a pattern can take on a long name: three in a part take milliseconds, four take seconds. */
const MAX_STARS_IN_PART = 3;
const MAX_GLOBSTARS = 3;
const MAX_WILDCARDS = 6;
/** The limit for each kind of bracket. */
const MAX_BRACKETS = 16;
/** A plain group. A group that repeats, or that contains more than words and `|`, could take for ever. */
const GROUP = /([@?!+*]?)\(([^()*?+[\]{}]*)\)(?![+*?{])/g;
const SPECIAL = /[\\*?[\]{}()!+@|]/g;

/**
 * Why a glob is refused, or null. Globs become regular expressions, which can take years on a name of 200 characters, and they may come from a
 * backup's manifest or a checkout's config. These limits bound the time and are far above what projects use.
 */
export function globProblem(pattern: string): string | null {
  if (pattern === '') return 'it is empty';
  if (pattern.length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters`;
  if (CONTROL.test(pattern) || !pattern.isWellFormed()) return 'it contains a control character';
  // A name in which every special character is escaped contains no wildcard, however many stars it has.
  if (escapeGlob(unescapeGlob(pattern)) === pattern) return null;
  for (const bracket of '([{')
    if (pattern.split(bracket).length > MAX_BRACKETS + 1) return `it has too many "${bracket}"`;
  if (pattern.includes('}+')) return 'it has a group that repeats';
  // A plus after a bracket also repeats.
  let repeated = pattern.match(/\]\+/g)?.length ?? 0;
  const flat = pattern.replaceAll(GROUP, (_, mark: string) => {
    if (mark !== '' && '*+!'.includes(mark)) repeated++;
    return '';
  });
  if (/[()]/.test(flat.replaceAll(/\\[()]/g, ''))) return 'it has a group in a group, or one that repeats';
  const globstars = flat.match(/\*\*+/g)?.length ?? 0;
  const stars = flat.split('/').map((part) => part.match(/\*+/g)?.length ?? 0);
  const total = repeated + stars.reduce((sum, each) => sum + each, 0);
  if (globstars > MAX_GLOBSTARS) return `it has more than ${MAX_GLOBSTARS} "**"`;
  if (repeated + Math.max(...stars) > MAX_STARS_IN_PART)
    return `it has more than ${MAX_STARS_IN_PART} "*" between two "/"`;
  return total > MAX_WILDCARDS ? `it has more than ${MAX_WILDCARDS} wildcards` : null;
}

/** The glob that matches only this name. */
export function escapeGlob(name: string): string {
  return name.replaceAll(SPECIAL, String.raw`\$&`);
}

/** The name that a glob without wildcards spells. */
export function unescapeGlob(pattern: string): string {
  return pattern.replaceAll(/\\(.)/g, '$1');
}

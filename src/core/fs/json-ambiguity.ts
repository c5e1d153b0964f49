const COLON = /\s*:/y;
/** A key that every object has. Code that reads it would get what the text says instead. */
const INHERITED = '__proto__';

/**
 * Why a JSON text means different things to different readers, or null. Either an object has a key twice, and readers differ on which one counts, or
 * a key is called `__proto__`.
 * @param parsed the result of JSON.parse
 */
export function ambiguity(text: string, parsed: unknown): string | null {
  const keys = countKeys(parsed);
  if (keys === null) return `a key is called ${INHERITED}`;
  return writtenKeys(text) === keys ? null : 'an object has the same key twice';
}

/** How many strings in a valid JSON text are followed by a colon. */
function writtenKeys(text: string): number {
  let keys = 0;
  for (let start = text.indexOf('"'); start >= 0;) {
    let end = text.indexOf('"', start + 1);
    while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
    COLON.lastIndex = end + 1;
    if (COLON.test(text)) keys++;
    start = text.indexOf('"', end + 1);
  }
  return keys;
}

/** True after an odd number of backslashes. */
function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}

/** The number of keys of all objects, or null if one is inherited. It does not recurse, because the text may nest without limit. */
function countKeys(parsed: unknown): number | null {
  let keys = 0;
  const open: unknown[] = [parsed];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value)) {
      if (Object.hasOwn(value, INHERITED)) return null;
      keys += Object.keys(value).length;
    }
    for (const inner of Object.values(value)) if (typeof inner === 'object') open.push(inner);
  }
  return keys;
}

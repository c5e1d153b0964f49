/** What SQLite says (src/resolve.c, src/expr.c, src/callback.c), and what that means. */
const MEANINGS: readonly (readonly [RegExp, (name: string) => string])[] = [
  [/^no such collation sequence: (.*)$/s, (name) => `collation ${name} is not known here`],
  [/^(?:no such|unknown) function: (.*?)(?:\(\))?$/s, (name) => `function ${name} is not known here`],
  [/^unsafe use of (.*)\(\)$/s, (name) => `function ${name} is not run here`],
];

/**
 * What SQLite misses that the application which owns a database brings along, as a part of a sentence; null: the error is of another kind. Nothing is wrong
 * with such a database, and its rows stand in its pages.
 */
export function notHere(error: unknown): string | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null;
  for (const [said, meaning] of MEANINGS) {
    const name = said.exec(error.message)?.[1];
    if (name !== undefined) return meaning(name);
  }
  return null;
}

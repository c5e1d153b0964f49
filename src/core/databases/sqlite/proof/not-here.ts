/** What SQLite says (src/resolve.c, src/expr.c, src/callback.c), and what that means. */
const MEANINGS: readonly (readonly [RegExp, (name: string) => string])[] = [
  [/^no such collation sequence: (.*)$/s, (name) => `collation ${name} is not known here`],
  [/^(?:no such|unknown) function: (.*?)(?:\(\))?$/s, (name) => `function ${name} is not known here`],
  [/^unsafe use of (.*)\(\)$/s, (name) => `function ${name} is not run here`],
  [/^(string or blob too big)$/, () => 'a value that it computes is larger than the database allows for'],
];

/**
 * Why SQLite does not compute what a schema asks for, as a part of a sentence; null: the error is of another kind. It misses what the application that owns the
 * database brings along, or it would need too much memory (`openCopy`). The pages are not damaged, and the rows stand there.
 */
export function notHere(error: unknown): string | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null;
  for (const [said, meaning] of MEANINGS) {
    const name = said.exec(error.message)?.[1];
    if (name !== undefined) return meaning(name);
  }
  return null;
}

/** Messages of SQLite (src/resolve.c, src/expr.c, src/callback.c) and what they mean. */
const MEANINGS: readonly (readonly [RegExp, (name: string) => string])[] = [
  [/^no such collation sequence: (.*)$/s, (name) => `collation ${name} is not known here`],
  [/^(?:no such|unknown) function: (.*?)(?:\(\))?$/s, (name) => `function ${name} is not known here`],
  [/^unsafe use of (.*)\(\)$/s, (name) => `function ${name} is not run here`],
  [/^(string or blob too big)$/, () => 'a value that it computes is larger than the database allows for'],
];

/**
 * Why SQLite does not compute something in a schema, as part of a sentence; null if the error is of another kind. SQLite lacks what the application
 * that owns the database provides, or would need too much memory (`openCopy`). The pages are not damaged, and the rows are there.
 */
export function notHere(error: unknown): string | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null;
  for (const [said, meaning] of MEANINGS) {
    const name = said.exec(error.message)?.[1];
    if (name !== undefined) return meaning(name);
  }
  return null;
}

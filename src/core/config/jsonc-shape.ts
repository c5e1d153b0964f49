import { createScanner } from 'jsonc-parser';

/** The schema needs 6. The parser calls itself for each, and the stack has an end. */
const MAX_DEPTH = 64;

/** What is wrong with a text whatever it says, or null: nested too deep, or with a key that every object has already. */
export function shapeProblem(text: string): string | null {
  const scanner = createScanner(text, true);
  let depth = 0;
  let lastString = '';
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const first = text.charAt(scanner.getTokenOffset());
    if (first === '{' || first === '[') depth++;
    if (first === '}' || first === ']') depth--;
    if (depth > MAX_DEPTH) return `it is nested deeper than ${MAX_DEPTH}`;
    // jsonc-parser would make it the object's prototype.
    if (first === ':' && lastString === '__proto__') return 'a key is called __proto__';
    lastString = first === '"' ? scanner.getTokenValue() : '';
  }
  return null;
}

import { createScanner } from 'jsonc-parser';

/** The schema needs 6 levels. The parser recurses for each level, and the stack is limited. */
const MAX_DEPTH = 64;

/** What is wrong with the form of a text: it is nested too deep, or has a key that every object has already. Null if nothing is wrong. */
export function shapeProblem(text: string): string | null {
  const scanner = createScanner(text, true);
  let depth = 0;
  let lastString = '';
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const first = text.charAt(scanner.getTokenOffset());
    if (first === '{' || first === '[') depth++;
    if (first === '}' || first === ']') depth--;
    if (depth > MAX_DEPTH) return `it is nested deeper than ${MAX_DEPTH}`;
    // jsonc-parser would set the object's prototype.
    if (first === ':' && lastString === '__proto__') return 'a key is called __proto__';
    lastString = first === '"' ? scanner.getTokenValue() : '';
  }
  return null;
}

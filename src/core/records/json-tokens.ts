/** A piece of JSON text: a bracket, a comma, a colon, or a literal as it is spelled. */
export interface JsonToken {
  readonly text: string;
  readonly kind: 'open' | 'close' | 'comma' | 'colon' | 'literal';
}

const KINDS: Readonly<Record<string, JsonToken['kind']>> = {
  '[': 'open',
  '{': 'open',
  ']': 'close',
  '}': 'close',
  ',': 'comma',
  ':': 'colon',
};
const SPACE = new Set([' ', '\t', '\n', '\r']);
/** Nothing that people read nests deeper. */
const MAX_DEPTH = 1000;

/** The tokens of a text that is known to be JSON. Literals stay as they are spelled: parsed, `12345678901234567890` would be another number. */
export function* jsonTokens(json: string): Generator<JsonToken> {
  for (let at = 0; at < json.length;) {
    const first = json.charAt(at);
    const kind = KINDS[first] ?? 'literal';
    const end = kind === 'literal' && !SPACE.has(first) ? literalEnd(json, at) : at + 1;
    if (!SPACE.has(first)) yield { kind, text: json.slice(at, end) };
    at = end;
  }
}

function literalEnd(json: string, from: number): number {
  let at = from + 1;
  if (json.charAt(from) === '"') {
    while (json.charAt(at) !== '"') at += json.charAt(at) === '\\' ? 2 : 1;
    return at + 1;
  }
  while (at < json.length && KINDS[json.charAt(at)] === undefined && !SPACE.has(json.charAt(at))) at++;
  return at;
}

/** Whether a text is JSON that does not nest too deep for a reader. */
export function isReadableJson(text: string): boolean {
  try {
    JSON.parse(text);
  } catch {
    return false;
  }
  let depth = 0;
  for (const { kind } of jsonTokens(text)) {
    if (kind === 'open') depth++;
    else if (kind === 'close') depth--;
    if (depth > MAX_DEPTH) return false;
  }
  return true;
}

/** The same JSON over several lines, with every literal as it is spelled. */
export function indentJson(json: string): string {
  const parts: string[] = [];
  let depth = 0;
  let isEmpty = false;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  for (const { kind, text } of jsonTokens(json)) {
    if (kind === 'close') {
      depth--;
      parts.push(isEmpty ? text : line() + text);
    } else {
      parts.push(isEmpty ? line() : '', kind === 'colon' ? ': ' : text);
    }
    if (kind === 'open') depth++;
    if (kind === 'comma') parts.push(line());
    isEmpty = kind === 'open';
  }
  return parts.join('');
}

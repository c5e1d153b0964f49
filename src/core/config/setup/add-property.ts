import { createScanner, type Node, parseTree } from 'jsonc-parser';
import { eolOf } from './text-file.ts';

/**
 * A JSON text with comments, in which the property at `keys` is added, with the objects above it that are missing. Every other byte stays as it is, and
 * comments stay with their lines. The text is an object, and so is each value on the way; nothing is at `keys` yet.
 */
export function addProperty(text: string, keys: readonly string[], value: unknown): string {
  const root = parseTree(text, [], { allowTrailingComma: true });
  if (root === undefined) throw new Error('the text is no JSON');
  let object = root;
  let depth = 0;
  for (let inner = propertyOf(object, keys[0]); inner !== undefined; inner = propertyOf(object, keys[depth])) {
    object = inner;
    depth++;
  }
  const missing = keys.slice(depth + 1).toReversed();
  const whole = missing.reduce((inner: unknown, key) => Object.fromEntries([[key, inner]]), value);
  const unit = unitOf(text, root);
  const indent = indentOf(text, object) + unit;
  const eol = eolOf(text);
  const lines = `${JSON.stringify(keys[depth])}: ${JSON.stringify(whole, null, unit)}`.split('\n').join(eol + indent);
  return insert(text, object, eol + indent + lines, eol + indent.slice(unit.length));
}

/** The value of the last property of this name, because the last one counts if a key appears twice. */
function propertyOf(object: Node, key: string | undefined): Node | undefined {
  return object.children?.findLast((property) => property.children?.[0]?.value === key)?.children?.[1];
}

/** One level of indentation. */
function unitOf(text: string, root: Node): string {
  const first = root.children?.[0];
  const before = first === undefined ? '' : text.slice(0, first.offset);
  return /\n([ \t]+)$/.exec(before)?.[1] ?? '  ';
}

/** How far the line is indented on which an object begins. */
function indentOf(text: string, { offset }: Node): string {
  const line = text.slice(text.lastIndexOf('\n', offset) + 1, offset);
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

/** @param close what comes before the closing bracket of an object that was empty */
function insert(text: string, object: Node, property: string, close: string): string {
  const last = object.children?.at(-1);
  if (last === undefined) {
    const at = object.offset + 1;
    const rest = text.slice(at);
    return text.slice(0, at) + property + (/^\s*\n/.test(rest) ? rest : close + rest);
  }
  const value = last.offset + last.length;
  const { end, hasComma } = lineAfter(text, value);
  const isLast = /^[ \t]*\}/.test(text.slice(end));
  return `${text.slice(0, value)}${hasComma ? '' : ','}${text.slice(value, end)}${property}${isLast ? close : ''}${text.slice(end)}`;
}

/** Where the line ends that a value is on, with its comma and comments, and whether there is a comma, here or later. */
function lineAfter(text: string, value: number): { end: number; hasComma: boolean } {
  const scanner = createScanner(text, false);
  scanner.setPosition(value);
  let end = value;
  let isSameLine = true;
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const after = scanner.getTokenOffset() + scanner.getTokenLength();
    const token = text.slice(scanner.getTokenOffset(), after);
    if (token === ',') return { end: isSameLine ? lineAfter(text, after).end : after, hasComma: true };
    if (/[\r\n]/.test(token) && token.trim() === '') isSameLine = false;
    else if (token.startsWith('/')) end = isSameLine ? after : end;
    else if (token.trim() !== '') break;
  }
  return { end, hasComma: false };
}

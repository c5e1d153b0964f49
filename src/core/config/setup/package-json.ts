import { findNodeAtLocation, parseTree, type Node } from 'jsonc-parser';
import { eolOf } from './text-file.ts';

export interface SectionEdit {
  readonly text: string;
  /** Keys that were added. */
  readonly added: readonly string[];
  /** Keys that already have another value, which is kept. */
  readonly kept: readonly { readonly name: string; readonly value: string }[];
  /** Why nothing could be added: the text is not a package.json. */
  readonly problem?: string;
}

/**
 * A package.json's text with missing keys added at the end of one of its objects (`scripts`, `devDependencies`). If there is no such object, it is
 * added. Every other byte stays as it is.
 */
export function addToSection(original: string, section: string, wanted: Readonly<Record<string, string>>): SectionEdit {
  const bom = original.startsWith('\uFEFF') ? '\uFEFF' : '';
  const text = original.slice(bom.length);
  const unchanged = { text: original, added: [], kept: [] };
  if (!isJsonObject(text)) return { ...unchanged, problem: 'is not a valid JSON object' };
  const root = parseTree(text);
  if (root === undefined) return { ...unchanged, problem: 'is not a valid JSON object' };
  const object = lastProperty(root, section);
  if (object !== undefined && object.type !== 'object')
    return { ...unchanged, problem: `has "${section}" that are not an object` };

  const kept: { name: string; value: string }[] = [];
  const missing: string[] = [];
  for (const [name, value] of Object.entries(wanted)) {
    const present = object === undefined ? undefined : findNodeAtLocation(object, [name]);
    if (present === undefined) missing.push(name);
    else if (present.value !== value) kept.push({ name, value: String(present.value) });
  }
  if (missing.length === 0) return { ...unchanged, kept };
  const style = styleOf(text, root);
  const lines = missing.map((name) => `${JSON.stringify(name)}${style.colon}${JSON.stringify(wanted[name])}`);
  const edited =
    object === undefined
      ? insertInto(text, root, [`${JSON.stringify(section)}${style.colon}${wholeObject(lines, style)}`], style, 1)
      : insertInto(text, object, lines, style, 2);
  return { text: bom + edited, added: missing, kept };
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** The value of the last property of this name, because the last one counts if a key appears twice. */
function lastProperty(object: Node, key: string): Node | undefined {
  return object.children?.findLast((property) => property.children?.[0]?.value === key)?.children?.[1];
}

interface Style {
  readonly eol: string;
  /** One level of indentation; empty if the whole text is one line. */
  readonly unit: string;
  readonly oneLine: boolean;
  readonly colon: string;
}

function styleOf(text: string, root: Node): Style {
  const first = root.children?.[0];
  const between = first === undefined ? '\n  ' : text.slice(root.offset + 1, first.offset);
  const oneLine = !between.includes('\n');
  const unit = between.slice(between.lastIndexOf('\n') + 1);
  const compact = oneLine && first?.colonOffset !== undefined && !/\s/.test(text[first.colonOffset + 1] ?? '');
  return { eol: eolOf(text), unit, oneLine, colon: compact ? ':' : ': ' };
}

function wholeObject(lines: readonly string[], { eol, unit, oneLine, colon }: Style): string {
  if (oneLine) return `{${lines.join(colon === ':' ? ',' : ', ')}}`;
  return `{${eol}${lines.map((line) => unit.repeat(2) + line).join(`,${eol}`)}${eol}${unit}}`;
}

/** Adds properties at the end of an object, in the same layout as its other properties. `level`: how deep they are indented. */
function insertInto(text: string, object: Node, properties: readonly string[], style: Style, level: number): string {
  const first = object.children?.[0];
  const last = object.children?.at(-1);
  if (first === undefined || last === undefined) {
    const indent = style.unit.repeat(level);
    const inner = style.oneLine
      ? properties.join(style.colon === ':' ? ',' : ', ')
      : `${style.eol}${properties.map((line) => indent + line).join(`,${style.eol}`)}${style.eol}${style.unit.repeat(level - 1)}`;
    return `${text.slice(0, object.offset)}{${inner}}${text.slice(object.offset + object.length)}`;
  }
  const before = text.slice(object.offset + 1, first.offset);
  const newline = before.lastIndexOf('\n');
  const separator = newline >= 0 ? `,${style.eol}${before.slice(newline + 1)}` : `,${style.colon === ':' ? '' : ' '}`;
  const at = last.offset + last.length;
  return `${text.slice(0, at)}${properties.map((line) => separator + line).join('')}${text.slice(at)}`;
}

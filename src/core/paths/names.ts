import { isUtf8 } from 'node:buffer';

/** C0, C1, DEL, zero-width and bidirectional controls, line separators, the BOM and lone surrogates: such characters must never reach a terminal unescaped. */
// oxlint-disable-next-line no-control-regex
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu;

const MAX_SHOWN = 1000;

/** A name as it may be shown in a terminal, a log or Markdown: control, invisible and direction characters become `\xNN` or `\u{N}`. */
export function escapeName(name: string): string {
  return name.replaceAll(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Shortens a name for a message, because a user may have given one of a megabyte. */
export function shorten(shown: string): string {
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown;
}

/** JSON text in which these characters are written as `\\uNNNN`, which means the same. JSON.stringify escapes only the first 32. */
export function escapeJson(json: string): string {
  return json.replaceAll(UNPRINTABLE, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The name that the bytes spell, or null if they are not UTF-8. */
export function decodeName(raw: Buffer): string | null {
  return isUtf8(raw) ? raw.toString('utf8') : null;
}

/** How bytes that are not UTF-8 are shown: printable ASCII as it is, everything else as `\xNN`. */
export function escapeBytes(raw: Buffer): string {
  let shown = '';
  for (const byte of raw) {
    shown += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return shown;
}

/**
 * Whether printed names match a pattern in which `*` stands for anything, also for `/`, and `\*` for a star. A backslash is `\\` in a key, as it is printed, and
 * any other one stands for itself. Each part of the pattern is looked for once, from where the one before it ends.
 */
export function nameMatcher(pattern: string): (name: string) => boolean {
  const parts = [''];
  for (const [token] of pattern.matchAll(/\\[\\*]|[^\\*]+|[\\*]/g))
    if (token === '*') parts.push('');
    else parts.push((parts.pop() ?? '') + (token === '\\*' ? '*' : token));
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return (name) => name === first;
  return (name) => {
    const end = name.length - last.length;
    if (end < first.length || !name.startsWith(first) || !name.endsWith(last)) return false;
    let from = first.length;
    for (const part of rest) {
      const at = name.indexOf(part, from);
      if (at < 0 || at + part.length > end) return false;
      from = at + part.length;
    }
    return true;
  };
}

/** The pattern of `nameMatcher` for one printed name. */
export function asPattern(name: string): string {
  return name.replaceAll('*', '\\*');
}

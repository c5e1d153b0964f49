import { isUtf8 } from 'node:buffer';
import { escapeBytes, escapeJson, escapeName } from '../../paths/names.ts';
import { indentJson, isReadableJson } from './json-tokens.ts';

/** A value for a person: JSON over several lines, text with what cannot be seen escaped, else its bytes escaped; with a newline at its end. */
export function prettyValue(value: Buffer): string {
  if (!isUtf8(value)) return `${escapeBytes(value)}\n`;
  const text = value.toString();
  if (isReadableJson(text)) return `${escapeJson(indentJson(text))}\n`;
  return ending(escapeLines(text));
}

/** A value that goes to a terminal without being asked for in another form: as it is, but for what the terminal would obey. */
export function terminalValue(value: Buffer): string {
  return isUtf8(value) ? escapeLines(value.toString()) : escapeBytes(value);
}

function escapeLines(text: string): string {
  return text.split('\n').map(escapeName).join('\n');
}

function ending(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

import { isUtf8 } from 'node:buffer';
import { escapeBytes, escapeJson, escapeName } from '../../paths/names.ts';
import { indentJson, isReadableJson } from '../../records/json-tokens.ts';

/** A value for a person, with a newline at its end: JSON over several lines, text with escapes for what cannot be seen, other bytes escaped. */
export function prettyValue(value: Buffer): string {
  if (!isUtf8(value)) return `${escapeBytes(value)}\n`;
  const text = value.toString();
  if (isReadableJson(text)) return `${escapeJson(indentJson(text))}\n`;
  return ending(escapeLines(text));
}

/** A value for a terminal if no form was asked for: as it is, with escapes for what the terminal would obey. */
export function terminalValue(value: Buffer): string {
  return isUtf8(value) ? escapeLines(value.toString()) : escapeBytes(value);
}

function escapeLines(text: string): string {
  return text.split('\n').map(escapeName).join('\n');
}

function ending(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

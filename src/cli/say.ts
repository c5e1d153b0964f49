import { printErr } from './output.ts';
import { lineWidth, wrap } from './render/style.ts';

/** Writes a text to stderr: on a terminal it is broken between words, elsewhere it stays one line, so that a search of a log finds it whole. */
export function say(text: string, first = '', indent = 0): void {
  printErr(process.stderr.isTTY ? wrap(text, first, indent, lineWidth(process.stderr)) : first + text);
}

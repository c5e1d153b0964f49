import { printErr } from './output.ts';
import { lineWidth, wrap } from './render/style.ts';

/** Writes a text to stderr: on a terminal broken between words, elsewhere as one line, which whoever searches a log finds whole. */
export function say(text: string, first = '', indent = 0): void {
  printErr(process.stderr.isTTY ? wrap(text, first, indent, lineWidth(process.stderr)) : first + text);
}

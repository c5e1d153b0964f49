import { stripVTControlCharacters, styleText } from 'node:util';
import { wordsOf } from './command-lines.ts';

const MIN_WIDTH = 60;
const MAX_WIDTH = 80;

/** Colours of one stream: none if it is not a terminal. node:util also obeys NO_COLOR and FORCE_COLOR. */
export interface Paint {
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

type Format = 'green' | 'yellow' | 'red' | 'dim' | 'bold';

export function paint(stream: NodeJS.WriteStream): Paint {
  const as = (format: Format) => (text: string) => styleText(format, text, { stream });
  return { good: as('green'), warn: as('yellow'), bad: as('red'), dim: as('dim'), bold: as('bold') };
}

/** Columns to write for: the terminal's, but at least 60 and at most 80; 80 when there is no terminal. */
export function lineWidth(stream: NodeJS.WriteStream = process.stdout): number {
  const columns = stream.isTTY ? stream.columns : MAX_WIDTH;
  return Math.min(Math.max(columns, MIN_WIDTH), MAX_WIDTH);
}

/** Breaks text at spaces so that `first` + text fits the line; later lines are indented. A word that is too long, or a command line, stays whole. */
export function wrap(text: string, first: string, indent: number, width = lineWidth()): string {
  const lines: string[] = [];
  let at = columns(first);
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of wordsOf(paragraph)) {
      if (line !== '' && at + columns(line) + 1 + columns(word) > width) {
        lines.push(line);
        line = word.trimStart();
        at = indent;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
    at = indent;
  }
  return first + lines.join(`\n${' '.repeat(indent)}`);
}

/** Colours take no columns. */
function columns(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** A column of a table: right-aligned for figures. */
export type Align = 'left' | 'right';

/** Aligns cells into lines, two spaces between columns. Cells must not be coloured: colour would count as width. */
export function table(rows: readonly (readonly string[])[], aligns: readonly Align[], indent = 2): string[] {
  const widths = aligns.map((_, column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return aligns[column] === 'right' ? cell.padStart(width) : cell.padEnd(width);
    });
    return (' '.repeat(indent) + cells.join('  ')).trimEnd();
  });
}

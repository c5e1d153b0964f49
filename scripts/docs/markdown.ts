/** A table. Bars are escaped, because they would end a cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** The text with everything between the two markers of a part replaced; what is around them is written by hand. */
export function withPart(text: string, part: string, body: string): string {
  const begin = `<!-- begin ${part}: npm run docs writes this -->\n`;
  const end = `\n<!-- end ${part} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`the markers of the part "${part}" are missing`);
  return `${text.slice(0, from)}${begin}\n${body}\n${text.slice(to)}`;
}

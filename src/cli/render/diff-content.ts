import type { DiffContent, FileSide } from '../../core/model/diff-report.ts';
import { plural } from '../../core/model/plural.ts';
import { escapeName } from '../../core/paths/names.ts';
import { formatBytes } from './format.ts';
import { wrap, type Paint } from './style.ts';

/** Without --verbose. */
const LEAVES = 20;
const LINES = 60;
const MAX_VALUE = 200;

/** @param all show every leaf and line of the report, not only the first few */
export function renderContent(content: DiffContent, paint: Paint, all: boolean): string[] {
  const { path, as, before, after, same, next, leaves, hunks } = content;
  const name = escapeName(path);
  if (as === 'database') {
    return [wrap(`${name} is a database. To see its records, run:`, '  ', 4), ...next.map((line) => `    ${line}`)];
  }
  if (same) return [wrap(`${name}: the same content, ${saySide(after)}`, `  ${paint.good('same')}  `, 8)];
  const head = wrap(`${name}: ${saySide(before)} -> ${saySide(after)}`, '  ', 4);
  if (leaves !== null) return [head, ...renderLeaves(leaves, content.moreLeaves, paint, all)];
  if (hunks !== null) return [head, ...renderHunks(hunks, content.moreLines, paint, all)];
  return [head, ...renderBytes(content)];
}

function saySide(side: FileSide | null): string {
  if (side === null) return 'no such file';
  if (side.type === 'symlink') return 'a link';
  return side.sha256 === null ? 'not read' : formatBytes(side.bytes);
}

function renderLeaves(
  leaves: NonNullable<DiffContent['leaves']>,
  moreLeaves: number,
  paint: Paint,
  all: boolean,
): string[] {
  const shown = all ? leaves : leaves.slice(0, LEAVES);
  const hidden = leaves.length - shown.length;
  return [
    ...shown.flatMap(({ pointer, before, after }) => [
      `  ${pointer === '' ? 'the value' : escapeName(pointer)}`,
      ...(before === null ? [] : [`    ${paint.bad(`- ${cut(before)}`)}`]),
      ...(after === null ? [] : [`    ${paint.good(`+ ${cut(after)}`)}`]),
    ]),
    ...sayMore(hidden, moreLeaves, 'leaf', 'leaves'),
  ];
}

function renderHunks(
  hunks: NonNullable<DiffContent['hunks']>,
  moreLines: number,
  paint: Paint,
  all: boolean,
): string[] {
  const lines = hunks.flatMap(({ before, after, lines: own }) => [
    paint.dim(`  @@ line ${before} -> line ${after}`),
    ...own.map((line) => `  ${paintLine(line, paint)}`),
  ]);
  const shown = all ? lines : lines.slice(0, LINES);
  return [...shown, ...sayMore(lines.length - shown.length, moreLines, 'line')];
}

function paintLine(line: string, paint: Paint): string {
  const shown = escapeName(line);
  return line.startsWith('-') ? paint.bad(shown) : line.startsWith('+') ? paint.good(shown) : shown;
}

/** @param hidden how many are in the report and not shown. @param unlisted how many are not in the report */
function sayMore(hidden: number, unlisted: number, one: string, many?: string): string[] {
  if (hidden + unlisted === 0) return [];
  const how = hidden > 0 ? `: --verbose lists ${unlisted > 0 ? `${hidden} of them` : 'them'}` : '';
  return [`    and ${plural(hidden + unlisted, `more ${one}`, many && `more ${many}`)}${how}`];
}

function renderBytes({ before, after, note, firstDifference }: DiffContent): string[] {
  const hashes = [
    ['before', before],
    ['after ', after],
  ] as const;
  const line = firstDifference?.line ?? null;
  const where = line === null ? '' : `, in line ${line}`;
  return [
    ...(note === null ? [] : [wrap(escapeName(note), '  ', 2)]),
    ...(firstDifference === null ? [] : [`  the first difference is at byte ${firstDifference.byte}${where}`]),
    ...hashes.flatMap(([side, file]) => (typeof file?.sha256 !== 'string' ? [] : [`  ${side}  sha256 ${file.sha256}`])),
  ];
}

function cut(text: string): string {
  const shown = escapeName(text);
  return shown.length > MAX_VALUE ? `${shown.slice(0, MAX_VALUE)}…` : shown;
}

import { escapeName } from '../../core/paths/names.ts';
import { plural } from '../../core/model/plural.ts';
import type { PresetListReport, PresetShowReport } from '../../core/model/preset-report.ts';
import { pasteable } from '../pasteable.ts';
import { type Paint, table, wrap } from './style.ts';

/** More folders of one preset than that are counted only. */
const SHOWN_FOLDERS = 3;

export function renderPresetList({ presets }: PresetListReport, paint: Paint): string[] {
  const width = Math.max(...presets.map(({ name }) => name.length));
  const lines = presets.map((preset) => {
    const name = preset.name.padEnd(width);
    const title = preset.found.length === 0 ? preset.title : `${preset.title}: ${sayFound(preset.found)}`;
    return wrap(title, `  ${preset.found.length === 0 ? name : paint.good(name)}  `, width + 4);
  });
  return [...lines, pasteable('  Next: migbackup preset show NAME')];
}

export function renderPresetShow(report: PresetShowReport, paint: Paint): string[] {
  const { preset, foundBy, places, secrets, rebuilt } = report;
  const packages = foundBy.packages.map((name) => `${name} in package.json`);
  const by = [...foundBy.paths, ...foundBy.names, ...packages].join(', ');
  const applied = preset.applied.map((folder) => escapeName(folder));
  const kept = places.filter(({ external }) => !external);
  const sent = places.filter(({ external }) => external);
  return [
    wrap(preset.title, `  ${paint.bold(preset.name)}  `, preset.name.length + 4),
    wrap(by, '  found by    ', 14),
    wrap(preset.found.length === 0 ? 'nothing in this project' : sayFound(preset.found), '  found       ', 14),
    wrap(applied.length === 0 ? 'nowhere by this config' : cut(applied), '  applies in  ', 14),
    ...section('state', kept.map(renderPlace)),
    ...section('external: a change proves that transactions were sent', sent.map(renderPlace)),
    ...section(
      'secret: left out unless the config has includeSecrets',
      secrets.map(({ pattern, holds }) => wrap(holds, `    ${pattern}  `, 6)),
    ),
    ...section(
      'rebuilt',
      table(
        rebuilt.map(({ folder, by: maker }) => [`${folder}/`, `by ${maker}`]),
        ['left', 'left'],
        4,
      ),
    ),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`  ${title}`, ...lines];
}

function renderPlace({ category, source, path, include, what, movedBy }: PresetShowReport['places'][number]): string {
  const where =
    include.length === 0 ? path : include.map((pattern) => (path === '.' ? pattern : `${path}/${pattern}`)).join(', ');
  const moved = movedBy === null ? '' : ` (or as ${movedBy} says)`;
  return wrap(`${what}: ${where}${moved}`, `    ${category}/${source}  `, 6);
}

/** Where a preset was found, and why, in the first of its folders. */
export function sayFound(found: readonly { readonly folder: string; readonly because: string }[]): string {
  return cut(found.map((each) => sayWhy(each)));
}

function cut(words: readonly string[]): string {
  const more = words.length - SHOWN_FOLDERS;
  const shown = words.slice(0, SHOWN_FOLDERS).join(', ');
  return more > 0 ? `${shown} and ${plural(more, 'more folder')}` : shown;
}

/** A path, or `NAME in` the package.json that names it. */
function sayWhy({ folder, because }: { readonly folder: string; readonly because: string }): string {
  const file = ' in package.json';
  const inFolder = (path: string): string => escapeName(folder === '.' ? path : `${folder}/${path}`);
  return because.endsWith(file)
    ? `${escapeName(because.slice(0, -file.length))} in ${inFolder('package.json')}`
    : inFolder(because);
}

import { detect, type Found } from '../config/detect.ts';
import { placesOf } from '../config/preset.ts';
import { PRESETS } from '../config/presets/all-presets.ts';
import type { Preset, PresetPlace } from '../config/presets/preset.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import { nearest } from '../model/nearest.ts';
import type { PresetListReport, PresetShowReport } from '../model/preset-report.ts';
import { escapeName, shorten } from '../paths/names.ts';
import { startReport } from '../repository/report-head.ts';

/** Every preset, where the project uses it, and where it applies. Changes nothing. */
export async function presetList(
  project: Project,
  _options: Record<string, never>,
  context: Context,
): Promise<PresetListReport> {
  const finish = startReport(context);
  const { found } = detect(project.root, process.env);
  const presets = PRESETS.map((preset) => inProject(project, preset, found));
  return { ...finish(), operation: 'preset list', root: project.root, presets };
}

export interface PresetShowOptions {
  readonly name: string;
}

/** One preset: by what it is found, and what is state, external, secret and rebuilt. Throws USAGE if there is no preset of that name. */
export async function presetShow(
  project: Project,
  { name }: PresetShowOptions,
  context: Context,
): Promise<PresetShowReport> {
  const finish = startReport(context);
  const preset = PRESETS.find((each) => each.name === name);
  if (preset === undefined) throw noSuchPreset(name);
  const { paths = [], names = [], packages = [] } = preset.foundBy;
  return {
    ...finish(),
    operation: 'preset show',
    root: project.root,
    preset: inProject(project, preset, detect(project.root, process.env).found),
    foundBy: { paths: [...paths], names: [...names], packages: [...packages] },
    places: placesOf(preset).map((place) => describePlace(place)),
    secrets: [...(preset.secrets ?? [])],
    rebuilt: [...(preset.rebuilt ?? [])],
  };
}

function noSuchPreset(name: string): BackupError {
  const names = PRESETS.map((preset) => preset.name);
  const meant = nearest(name, names);
  return new BackupError('USAGE', `there is no preset "${shorten(escapeName(name))}"`, {
    hint:
      meant === undefined ? 'List them with: migbackup preset list' : `Did you mean migbackup preset show ${meant}?`,
    details: { presets: names },
  });
}

function inProject(
  { config }: Project,
  { name, title }: Preset,
  found: readonly Found[],
): PresetListReport['presets'][number] {
  const here = found.filter(({ preset }) => preset === name);
  return {
    name,
    title,
    found: here.map(({ folder, because }) => ({ folder, because })),
    applied: [...(config.presets?.[name] ?? [])],
  };
}

function describePlace(place: PresetPlace): PresetShowReport['places'][number] {
  const { category, source, path, type = 'files', include = [], external = false, what, movedBy } = place;
  const setting =
    movedBy === undefined
      ? null
      : 'variable' in movedBy
        ? movedBy.variable
        : `${movedBy.key} in ${movedBy.files.join(', ')}`;
  return { category, source, path, type, include: [...include], external, what, movedBy: setting };
}

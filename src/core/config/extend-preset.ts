import { nearest } from '../model/nearest.ts';
import type { Category, Source } from '../model/category.ts';
import { invalid } from './config-text.ts';

/** A config's categories as written, with all defaults filled in. Null turns off what the preset has under that name. */
export type WrittenCategories = ReadonlyMap<string, WrittenSources | null>;
export type WrittenSources = ReadonlyMap<string, Source | null>;

/**
 * The preset, changed by a config: a source replaces the preset's source of the same name, or is added. Throws CONFIG_INVALID if the config turns off
 * something that the preset does not have, because the intended source would stay on under its right name.
 */
export function extendPreset(preset: readonly Category[], written: WrittenCategories, file: string): Category[] {
  const names = preset.map(({ name }) => name);
  for (const [name, sources] of written)
    if (sources === null && !names.includes(name)) throw nothingToTurnOff(name, names, file);
  const extended = preset.flatMap((category) => {
    const sources = written.get(category.name);
    return sources === null ? [] : [extendCategory(category, sources ?? new Map(), file)];
  });
  const added = [...written].filter(([name]) => !names.includes(name));
  return [
    ...extended,
    ...added.map(([name, sources]) => extendCategory({ name, sources: [] }, sources ?? new Map(), file)),
  ];
}

function extendCategory(category: Category, written: WrittenSources, file: string): Category {
  const names = category.sources.map(({ name }) => name);
  for (const [name, source] of written)
    if (source === null && !names.includes(name))
      throw nothingToTurnOff(
        `${category.name}.sources.${name}`,
        names.map((each) => `${category.name}.sources.${each}`),
        file,
      );
  const kept = category.sources.flatMap(
    (source) => written.get(source.name) ?? (written.has(source.name) ? [] : source),
  );
  const added = [...written].flatMap(([name, source]) => (source === null || names.includes(name) ? [] : source));
  return { name: category.name, sources: [...kept, ...added] };
}

function nothingToTurnOff(key: string, known: readonly string[], file: string): Error {
  const meant = nearest(key, known);
  return invalid(
    file,
    `categories.${key} is null, but the preset has nothing of that name to turn off`,
    meant === undefined ? `Remove it, or use one of these names: ${known.join(', ')}.` : `Did you mean "${meant}"?`,
  );
}
